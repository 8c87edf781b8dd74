// SPDX-License-Identifier: Apache-2.0
package import CRabbitMQ
import Foundation

extension String {
    /// A copy of the bytes as text; invalid UTF-8 is replaced.
    package init(_ bytes: CRMQBytes) {
        self = String(decoding: UnsafeBufferPointer(start: bytes.pointer, count: bytes.count), as: UTF8.self)
    }

    /// A copy of the bytes as text; nil if the value is absent.
    init?(present bytes: CRMQBytes) {
        if bytes.pointer == nil { return nil }
        self.init(bytes)
    }
}

extension Data {
    /// A copy of the bytes.
    init(_ bytes: CRMQBytes) {
        self.init(UnsafeBufferPointer(start: bytes.pointer, count: bytes.count))
    }
}
