// SPDX-License-Identifier: Apache-2.0
package import AuthSignals
package import CRabbitMQ
import Foundation

extension Delivery {
    /// Copies a delivery out of an event. Its content is not trusted: invalid UTF-8 is replaced, and headers of
    /// unsupported types are omitted.
    ///
    /// - Parameter texts: A cache of the strings that most messages share.
    package init(_ event: CRMQEvent, epoch: UInt64, _ texts: inout StringCache) {
        let properties = event.properties
        let headers = Self.headers(properties)
        let message = SignalMessage(
            routingKey: texts.routingKey.text(event.routingKey) ?? "",
            messageID: String(properties.messageID),
            correlationID: String(present: properties.correlationID),
            type: texts.type.text(properties.type),
            contentType: texts.contentType.text(properties.contentType),
            timestamp: Self.timestamp(properties),
            appID: texts.appID.text(properties.appID),
            headers: headers,
            body: Data(event.body))
        self.init(
            message: message, redelivered: event.redelivered,
            deliveryCount: Int(clamping: headers["x-delivery-count"]?.integer ?? 0),
            tag: Tag(epoch: epoch, number: event.tag))
    }

    /// As above, without a cache.
    package init(_ event: CRMQEvent, epoch: UInt64) {
        var texts = StringCache()
        self.init(event, epoch: epoch, &texts)
    }

    private static func timestamp(_ properties: CRMQProperties) -> Date? {
        guard properties.hasTimestamp else { return nil }
        return Date(timeIntervalSince1970: TimeInterval(properties.timestamp))
    }

    private static func headers(_ properties: CRMQProperties) -> [String: SignalMessage.HeaderValue] {
        var headers: [String: SignalMessage.HeaderValue] = [:]
        for field in UnsafeBufferPointer(start: properties.headers, count: properties.headerCount) {
            switch field.kind {
            case .text: headers[String(field.name)] = .string(String(field.bytes))
            case .integer, .time: headers[String(field.name)] = .integer(field.integer)
            case .boolean: headers[String(field.name)] = .bool(field.integer != 0)
            default: break
            }
        }
        return headers
    }
}

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
