// SPDX-License-Identifier: Apache-2.0
import AuthSignals
import Foundation
public import Hummingbird

/// `/schemas/NAME/1`: the JSON Schema that a signal's `dataschema` names. Subscribers keep a copy; nobody should
/// fetch it at run time.
public struct SchemaRoutes: Sendable {
    private let schema: @Sendable (_ name: String) -> String?

    /// - Parameter schema: the schema of the signal of that name, as JSON; nil where there is none.
    public init(schema: @escaping @Sendable (_ name: String) -> String?) {
        self.schema = schema
    }

    /// Adds the route.
    public func addRoutes<Context>(to router: some RouterMethods<Context>) {
        let schema = schema
        router.get("/schemas/:name/1") { _, context in
            guard let name = context.parameters.get("name"), let text = schema(name) else {
                return try Response.json(["status": 404], status: .notFound)
            }
            return Response(
                status: .ok,
                headers: [
                    .contentType: "application/schema+json", .cacheControl: "public, max-age=86400",
                    .xContentTypeOptions: "nosniff",
                ], body: ResponseBody(byteBuffer: ByteBuffer(string: text)))
        }
    }
}
