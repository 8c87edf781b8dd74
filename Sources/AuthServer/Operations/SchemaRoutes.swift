// SPDX-License-Identifier: Apache-2.0
public import AuthSignals
import Foundation
public import Hummingbird
import Synchronization

/// The documents that describe the signals to subscribers: `/schemas/NAME/VERSION`, the JSON Schema to which a
/// signal's `dataschema` refers, and `/asyncapi.json`, an AsyncAPI 3.0 document of all signals. Subscribers should
/// keep a copy and not fetch them at run time.
public struct SchemaRoutes: Sendable {
    private let documents: SchemaDocuments

    /// The documents of an application's signals.
    ///
    /// - Parameters:
    ///   - catalog: the signals; an application adds its own: `SignalCatalog(adding: [InvoicePaid.self])`.
    ///   - schemaBase: the prefix of `dataschema`, `SignalCodec.schemaBase`; the schemas' `$id` begins with it.
    ///   - exchange: the topic exchange to which the signals are published.
    public init(_ catalog: SignalCatalog, schemaBase: String, exchange: String = "auth.signals") {
        documents = SchemaDocuments { .init(of: catalog, schemaBase: schemaBase, exchange: exchange) }
    }

    /// The documents of this package's signals.
    ///
    /// - Parameters:
    ///   - schemaBase: the prefix of `dataschema`, `SignalCodec.schemaBase`; the schemas' `$id` begins with it.
    ///   - exchange: the topic exchange to which the signals are published.
    public init(schemaBase: String, exchange: String = "auth.signals") {
        documents = SchemaDocuments {
            .init(of: SignalCatalog(), schemaBase: schemaBase, exchange: exchange)
        }
    }

    /// Adds the routes.
    public func addRoutes<Context>(to router: some RouterMethods<Context>) {
        let documents = documents
        for method in [HTTPRequest.Method.get, .head] {
            router.on("/schemas/:name/:version", method: method) { _, context in
                let parameters = context.parameters
                let key = "\(parameters.get("name") ?? "")/\(parameters.get("version") ?? "")"
                return try Self.response(
                    documents.texts.schemas[key], type: "application/schema+json", to: method)
            }
            router.on("/asyncapi.json", method: method) { _, _ in
                try Self.response(documents.texts.asyncAPI, type: "application/json", to: method)
            }
        }
    }

    private static func response(
        _ document: ByteBuffer?, type: String, to method: HTTPRequest.Method
    ) throws -> Response {
        let response =
            if let document {
                Response(
                    status: .ok,
                    headers: [
                        .contentType: type, .cacheControl: "public, max-age=86400",
                        .xContentTypeOptions: "nosniff",
                    ], body: ResponseBody(byteBuffer: document))
            } else {
                try Response.json(["status": 404], status: .notFound)
            }
        return method == .head ? response.createHeadResponse() : response
    }
}

/// The documents as text. They are created at the first request: deriving the schemas of all signals was a seventh of the
/// processor time of a server's start.
private final class SchemaDocuments: Sendable {
    struct Texts {
        /// By `NAME/VERSION`.
        let schemas: [String: ByteBuffer]
        let asyncAPI: ByteBuffer

        init(of catalog: SignalCatalog, schemaBase: String, exchange: String) {
            schemas = catalog.schemas.reduce(into: [:]) { schemas, schema in
                schemas["\(schema.name)/\(schema.version)"] = Self.text(
                    of: schema.document(schemaBase: schemaBase))
            }
            asyncAPI = Self.text(of: catalog.asyncAPI(exchange: exchange))
        }

        private static func text(of document: JSONValue) -> ByteBuffer {
            // The document holds only strings, numbers and booleans, so encoding cannot fail.
            ByteBuffer(bytes: (try? SignalCodec.encoder().encode(document)) ?? Data())
        }
    }

    private let created = Mutex<Texts?>(nil)
    private let create: @Sendable () -> Texts

    init(_ create: @escaping @Sendable () -> Texts) { self.create = create }

    var texts: Texts {
        created.withLock { created in
            if let created { return created }
            let texts = create()
            created = texts
            return texts
        }
    }
}
