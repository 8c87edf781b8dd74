// SPDX-License-Identifier: Apache-2.0
import AuthServer
import AuthSignals
import Foundation
import Hummingbird
import ServerTesting
import Testing

@Suite("Schemas and AsyncAPI")
struct SchemaRoutesTests {
    private struct InvoicePaid: Signal {
        static let name: SignalName = "billing.invoice_paid"
        static let schemaVersion = 2
        var request: SignalRequest
        var invoice: String
        var subject: String? { invoice }
    }

    private static let base = "https://accounts.example.org/schemas"

    private func run(
        _ catalog: SignalCatalog = SignalCatalog(), exchange: String = "auth.signals",
        _ test: @escaping @Sendable (any TestClientProtocol) async throws -> Void
    ) async throws {
        let router = Router()
        SchemaRoutes(catalog, schemaBase: Self.base, exchange: exchange).addRoutes(to: router)
        try await Application(router: router, logger: .quiet).test(.router, test)
    }

    private func get(_ path: String, _ client: any TestClientProtocol) async throws -> TestResponse {
        try await client.executeRequest(uri: path, method: .get, headers: [:], body: nil)
    }

    private func json(_ response: TestResponse) throws -> JSONValue {
        try SignalCodec.decoder().decode(JSONValue.self, from: Data(String(buffer: response.body).utf8))
    }

    @Test func `serves the schema of every signal at the URL in its messages`() async throws {
        try await run { client in
            for signal in SignalCatalog.all {
                let response = try await get("/schemas/\(signal.name)/1", client)
                #expect(response.status == .ok)
                #expect(response.headers[.contentType] == "application/schema+json")
                #expect(response.headers[.cacheControl] == "public, max-age=86400")
                #expect(response.headers[.xContentTypeOptions] == "nosniff")
                let schema = try json(response)
                #expect(try schema == SignalSchema(of: signal).document(schemaBase: Self.base))
                #expect(schema["$id"]?.string == "\(Self.base)/\(signal.name)/1")
            }
        }
    }

    @Test func `serves the AsyncAPI document of all signals with the exchange's name`() async throws {
        try await run(exchange: "other.signals") { client in
            let response = try await get("/asyncapi.json", client)
            #expect(response.status == .ok)
            #expect(response.headers[.contentType] == "application/json")
            #expect(response.headers[.cacheControl] == "public, max-age=86400")
            #expect(response.headers[.xContentTypeOptions] == "nosniff")
            let document = try json(response)
            #expect(document["asyncapi"] == "3.0.0")
            for signal in SignalCatalog.all {
                let channel = document["channels"]?[signal.name.rawValue]
                #expect(channel?["bindings"]?["amqp"]?["exchange"]?["name"] == "other.signals")
            }
        }
    }

    @Test func `serves an application's own signals beside those of the package`() async throws {
        let catalog = try SignalCatalog(adding: [InvoicePaid.self])
        try await run(catalog) { client in
            let schema = try json(try await get("/schemas/billing.invoice_paid/2", client))
            #expect(schema["$id"]?.string == "\(Self.base)/billing.invoice_paid/2")
            #expect(schema["properties"]?["invoice"] == ["type": "string"])
            let document = try json(try await get("/asyncapi.json", client))
            #expect(document["channels"]?["billing.invoice_paid"] != nil)
            #expect(document["components"]?["schemas"]?["billing.invoice_paid"] != nil)
            #expect(document["channels"]?["account.user_logged_in"] != nil)
        }
    }

    @Test(arguments: [
        "/schemas/account.nothing/1", "/schemas/account.user_logged_in/2",
        "/schemas/account.user_logged_in/01", "/schemas/billing.invoice_paid/2",
    ])
    func `an unknown signal or version is 404 in the API's format`(path: String) async throws {
        try await run { client in
            let response = try await get(path, client)
            #expect(response.status == .notFound)
            #expect(response.headers[.contentType] == "application/json")
            #expect(try json(response) == ["status": 404])
        }
    }
}
