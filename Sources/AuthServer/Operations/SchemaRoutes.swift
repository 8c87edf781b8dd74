// SPDX-License-Identifier: Apache-2.0
import AuthSignals
import Foundation
public import Hummingbird

/// `/schemas/NAME/1`: the JSON Schema to which a signal's `dataschema` refers. Subscribers should keep a copy and not
/// fetch it at run time.
public struct SchemaRoutes: Sendable {
    private let schema: @Sendable (_ name: String) -> String?

    /// - Parameter schema: returns the schema of the signal with that name, as JSON; nil for an unknown signal.
    public init(schema: @escaping @Sendable (_ name: String) -> String?) {
        self.schema = schema
    }

    /// Adds the route.
    public func addRoutes<Context>(to router: some RouterMethods<Context>) {
        let schema = schema
        for method in [HTTPRequest.Method.get, .head] {
            router.on("/schemas/:name/1", method: method) { request, context in
                let response = try Self.response(context.parameters.get("name").flatMap(schema))
                return method == .head ? response.createHeadResponse() : response
            }
        }
    }

    private static func response(_ schema: String?) throws -> Response {
        guard let schema else { return try Response.json(["status": 404], status: .notFound) }
        return Response(
            status: .ok,
            headers: [
                .contentType: "application/schema+json", .cacheControl: "public, max-age=86400",
                .xContentTypeOptions: "nosniff",
            ], body: ResponseBody(byteBuffer: ByteBuffer(string: schema)))
    }
}
