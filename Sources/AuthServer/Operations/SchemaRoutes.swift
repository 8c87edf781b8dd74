// SPDX-License-Identifier: Apache-2.0
public import AuthSignals
import Foundation
public import Hummingbird

/// The documents that describe the signals to subscribers: `/schemas/NAME/VERSION`, the JSON Schema to which a
/// signal's `dataschema` refers, and `/asyncapi.json`, an AsyncAPI 3.0 document of all signals. Subscribers should
/// keep a copy and not fetch them at run time.
public struct SchemaRoutes: Sendable {
    /// By `NAME/VERSION`.
    private let schemas: [String: ByteBuffer]
    private let asyncAPI: ByteBuffer

    /// - Parameters:
    ///   - catalog: the signals; an application adds its own: `SignalCatalog(adding: [InvoicePaid.self])`.
    ///   - schemaBase: the prefix of `dataschema`, ``SignalCodec/schemaBase``; the schemas' `$id` begins with it.
    ///   - exchange: the topic exchange to which the signals are published.
    public init(
        _ catalog: SignalCatalog = SignalCatalog(), schemaBase: String, exchange: String = "auth.signals"
    ) {
        schemas = catalog.schemas.reduce(into: [:]) { schemas, schema in
            schemas["\(schema.name)/\(schema.version)"] = Self.text(
                of: schema.document(schemaBase: schemaBase))
        }
        asyncAPI = Self.text(of: catalog.asyncAPI(exchange: exchange))
    }

    /// Adds the routes.
    public func addRoutes<Context>(to router: some RouterMethods<Context>) {
        let schemas = schemas
        let asyncAPI = asyncAPI
        for method in [HTTPRequest.Method.get, .head] {
            router.on("/schemas/:name/:version", method: method) { _, context in
                let parameters = context.parameters
                let key = "\(parameters.get("name") ?? "")/\(parameters.get("version") ?? "")"
                return try Self.response(schemas[key], type: "application/schema+json", to: method)
            }
            router.on("/asyncapi.json", method: method) { _, _ in
                try Self.response(asyncAPI, type: "application/json", to: method)
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

    private static func text(of document: JSONValue) -> ByteBuffer {
        // The document holds only strings, numbers and booleans, so encoding cannot fail.
        ByteBuffer(bytes: (try? SignalCodec.encoder().encode(document)) ?? Data())
    }
}
