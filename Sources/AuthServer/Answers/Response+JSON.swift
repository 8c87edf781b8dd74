// SPDX-License-Identifier: Apache-2.0
import AuthSignals
import Foundation
import Hummingbird

extension Response {
    /// A response with a JSON body, its members sorted by name.
    static func json(_ value: JSONValue, status: HTTPResponse.Status = .ok) throws -> Response {
        Response(
            status: status,
            headers: [.contentType: "application/json", .xContentTypeOptions: "nosniff"],
            body: ResponseBody(byteBuffer: try buffer(of: value)))
    }

    private static func buffer(of value: JSONValue) throws -> ByteBuffer {
        if let bytes = PlainJSON.bytes(of: value) { return ByteBuffer(bytes: bytes) }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return ByteBuffer(bytes: try encoder.encode(value))
    }
}
