// SPDX-License-Identifier: Apache-2.0
import CRabbitMQ
import Foundation

/// Caches strings that are the same in most messages: reusing the previous string is cheaper than creating a new one.
package struct StringCache {
    /// The last string of one property.
    struct Last {
        private var last = ""

        /// The bytes as text; nil if the value is absent.
        mutating func text(_ bytes: CRMQBytes) -> String? {
            guard let pointer = bytes.pointer else { return nil }
            let isSame = last.utf8.withContiguousStorageIfAvailable { known in
                known.count == bytes.count && memcmp(known.baseAddress ?? pointer, pointer, bytes.count) == 0
            }
            if isSame != true { last = String(bytes) }
            return last
        }
    }

    var routingKey = Last()
    var type = Last()
    var contentType = Last()
    var appID = Last()

    package init() {}
}
