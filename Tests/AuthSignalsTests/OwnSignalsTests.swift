// SPDX-License-Identifier: Apache-2.0
import AuthSignals
import Testing

@Suite("An application's own signals in the catalogue")
struct OwnSignalsTests {
    private struct Impostor: Signal {
        static let name: SignalName = "account.user_promoted"
        var request: SignalRequest
        var subject: String? { nil }
    }

    private struct OtherInvoicePaid: Signal {
        static let name: SignalName = "billing.invoice_paid"
        var request: SignalRequest
        var subject: String? { nil }
    }

    @Test func `a catalogue has the package's signals, then the application's`() throws {
        let own = try SignalCatalog(adding: [InvoicePaid.self])
        #expect(own.schemas.map(\.name) == SignalCatalog.all.map { $0.name } + [InvoicePaid.name])
        #expect(SignalCatalog().schemas.map(\.name) == SignalCatalog.all.map { $0.name })
    }

    @Test func `one registration reaches every format of the catalogue`() throws {
        let own = try SignalCatalog(adding: [InvoicePaid.self])
        for format in CatalogFormat.allCases {
            let text = own.text(as: format, schemaBase: "https://a.example/schemas", exchange: "x")
            let same = try SignalCatalog.text(
                of: SignalCatalog.all + [InvoicePaid.self], as: format,
                schemaBase: "https://a.example/schemas", exchange: "x")
            #expect(text == same)
            #expect(text.contains("billing.invoice_paid"))
        }
        #expect(own.asyncAPI()["components"]?["messages"]?["billing.invoice_paid"] != nil)
    }

    @Test func `one registration reaches redaction`() throws {
        let redaction = Redaction(of: try SignalCatalog(adding: [InvoicePaid.self]))
        let data: JSONValue = ["invoice": "7", "payer": "Ada", "user": ["email": "ada@example.org"]]
        #expect(redaction.redact(data) == ["invoice": "7", "payer": "…", "user": ["email": "…"]])
    }

    @Test func `a reserved family and a name used twice are refused`() {
        func code(_ own: [any Signal.Type]) -> SignalError.Code? {
            do {
                _ = try SignalCatalog(adding: own)
                return nil
            } catch {
                return error.code
            }
        }
        #expect(code([Impostor.self]) == .nameTaken)
        #expect(code([InvoicePaid.self, OtherInvoicePaid.self]) == .nameTaken)
        #expect(code([UserLoggedIn.self]) == .nameTaken)
        #expect(code([InvoicePaid.self]) == nil)
    }
}
