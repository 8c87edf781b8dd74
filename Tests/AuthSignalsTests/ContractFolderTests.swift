// SPDX-License-Identifier: Apache-2.0
import AuthSignals
import Foundation
import Testing

@Suite struct ContractFolderTests {
    /// A signal, and the same one after a change: another type with the same name.
    private struct ParcelSent: Signal {
        static let name: SignalName = "shop.parcel_sent"
        var request: SignalRequest
        var parcel: String
        var subject: String? { nil }
    }

    private enum Later {
        struct ParcelSent: Signal {
            static let name: SignalName = "shop.parcel_sent"
            var request: SignalRequest
            var parcel: String
            var carrier: String?
            var subject: String? { nil }
        }
    }

    private enum Broken {
        struct ParcelSent: Signal {
            static let name: SignalName = "shop.parcel_sent"
            var request: SignalRequest
            var parcel: Int
            var subject: String? { nil }
        }
    }

    private static let base = "https://app.example.org/schemas"

    /// Passes a path at which no folder exists yet, and removes the folder afterwards.
    private func withFolder(_ body: (URL) throws -> Void) throws {
        let url = FileManager.default.temporaryDirectory.appending(
            path: "auth-signals-contract-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: url) }
        try body(url)
    }

    private func folder(
        _ url: URL, _ own: [any Signal.Type], examples: [SignalMessage] = []
    ) throws -> ContractFolder {
        ContractFolder(
            url, of: try SignalCatalog(adding: own), schemaBase: Self.base, exchange: "app.signals",
            examples: examples)
    }

    private func text(_ url: URL, _ path: String) throws -> String {
        try String(contentsOf: url.appending(path: path), encoding: .utf8)
    }

    @Test func `writes the AsyncAPI document, the schemas and the examples, also of own signals`() throws {
        try withFolder { url in
            let sent = ParcelSent(request: SampleSignals.request, parcel: "17")
            let example = try SampleSignals.message(of: sent)
            let folder = try folder(url, [ParcelSent.self], examples: [example])
            #expect(try folder.staleFiles().count == SignalCatalog.all.count + 3)
            #expect(try folder.breaches().isEmpty)
            try folder.write()
            #expect(try folder.staleFiles().isEmpty)
            #expect(try folder.breaches().isEmpty)

            let catalog = try SignalCatalog(adding: [ParcelSent.self])
            #expect(
                try text(url, "asyncapi.json") == catalog.text(as: .asyncAPI, exchange: "app.signals"))
            let written = try SignalCodec.decoder().decode(
                JSONValue.self, from: Data(text(url, "schemas/shop.parcel_sent.1.json").utf8))
            #expect(try written == SignalSchema(of: ParcelSent.self).document(schemaBase: Self.base))
            #expect(
                try Data(contentsOf: url.appending(path: "examples/shop.parcel_sent.json")) == example.body)
        }
    }

    @Test func `a missing, a changed and a superfluous file are stale`() throws {
        try withFolder { url in
            let folder = try folder(url, [ParcelSent.self])
            try folder.write()
            try FileManager.default.removeItem(at: url.appending(path: "schemas/account.email_added.1.json"))
            let file = url.appending(path: "schemas/shop.parcel_sent.1.json")
            try Data((String(contentsOf: file, encoding: .utf8) + "\n").utf8).write(to: file)
            try FileManager.default.createDirectory(
                at: url.appending(path: "examples"), withIntermediateDirectories: true)
            try Data("{}".utf8).write(to: url.appending(path: "examples/shop.gone.json"))
            try Data("for readers".utf8).write(to: url.appending(path: "README.md"))
            #expect(
                try folder.staleFiles() == [
                    "examples/shop.gone.json", "schemas/account.email_added.1.json",
                    "schemas/shop.parcel_sent.1.json",
                ])
        }
    }

    @Test func `a new signal and a new optional member are stale and compatible`() throws {
        try withFolder { url in
            try folder(url, []).write()
            let added = try folder(url, [ParcelSent.self])
            #expect(try added.breaches().isEmpty)
            #expect(try added.staleFiles() == ["asyncapi.json", "schemas/shop.parcel_sent.1.json"])
            try added.write()

            let later = try folder(url, [Later.ParcelSent.self])
            #expect(try later.breaches().isEmpty)
            #expect(try later.staleFiles() == ["asyncapi.json", "schemas/shop.parcel_sent.1.json"])
            try later.write()
            #expect(try later.staleFiles().isEmpty)
            #expect(try text(url, "schemas/shop.parcel_sent.1.json").contains("carrier"))
        }
    }

    @Test func `an incompatible change is reported and not written`() throws {
        try withFolder { url in
            try folder(url, [ParcelSent.self]).write()
            let broken = try folder(url, [Broken.ParcelSent.self])
            let before = try text(url, "schemas/shop.parcel_sent.1.json")
            #expect(
                try broken.breaches().map(\.description) == ["shop.parcel_sent.1: parcel has another type"])
            #expect {
                try broken.write()
            } throws: { error in
                (error as? SignalError)?.code == .incompatible
                    && "\(error)".contains("shop.parcel_sent.1: parcel has another type")
            }
            #expect(try text(url, "schemas/shop.parcel_sent.1.json") == before)
        }
    }

    @Test func `a removed signal is incompatible`() throws {
        try withFolder { url in
            try folder(url, [ParcelSent.self]).write()
            let without = try folder(url, [])
            #expect(
                try without.breaches().map(\.description) == [
                    "shop.parcel_sent.1 is no longer in the catalogue"
                ])
            #expect(try without.staleFiles() == ["asyncapi.json", "schemas/shop.parcel_sent.1.json"])
        }
    }

    @Test func `a change of the event around the data is incompatible`() throws {
        try withFolder { url in
            let folder = try folder(url, [])
            try folder.write()
            let file = url.appending(path: "asyncapi.json")
            let committed = try String(contentsOf: file, encoding: .utf8)
            let released = committed.replacing("^[0-9]{20}$", with: "^[0-9]{19}$")
            #expect(released != committed)
            try Data(released.utf8).write(to: file)
            #expect(try folder.breaches().map(\.description) == ["event: sequence has another rule"])
        }
    }

    @Test func `a committed file that is not JSON throws`() throws {
        try withFolder { url in
            let folder = try folder(url, [])
            try folder.write()
            try Data("<<<<<<<".utf8).write(
                to: url.appending(path: "schemas/account.email_added.1.json"))
            #expect(throws: DecodingError.self) { try folder.breaches() }
        }
    }
}
