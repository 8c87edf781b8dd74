// SPDX-License-Identifier: Apache-2.0
package import AuthSignals

extension SignalMessage {
    /// A copy to republish: with all properties, but only the headers of the contract.
    ///
    /// A copied `x-death` would make RabbitMQ 3.10 drop the message as a dead-letter cycle, and `CC` and `BCC` would
    /// route it to further queues.
    package func moved(to routingKey: String) -> SignalMessage {
        var copy = self
        copy.routingKey = routingKey
        copy.headers = headers.filter { name, _ in
            name == HeaderName.subject || name == HeaderName.traceparent || name == HeaderName.tracestate
                || name.hasPrefix(HeaderName.ownPrefix)
        }
        return copy
    }

    /// The copy without what prevents its publishing: properties longer than 255 bytes, and headers that do not fit
    /// into one frame with the others. The result fits into AMQP's smallest frame, 4096 bytes.
    ///
    /// Every client with write permission can set any property, and invalid UTF-8 grows when it is replaced. A message
    /// id that is dropped is kept in the header `auth-origin-id`; everything that was dropped or cut is listed in
    /// `auth-trimmed`.
    package func trimmed() -> SignalMessage {
        var copy = self
        var names: [String] = []
        func dropLong(_ property: WritableKeyPath<SignalMessage, String?>, _ name: String) {
            guard let text = copy[keyPath: property], text.utf8.count > Self.longestProperty else { return }
            copy[keyPath: property] = nil
            names.append(name)
        }
        dropLong(\.correlationID, "correlation-id")
        dropLong(\.type, "type")
        dropLong(\.contentType, "content-type")
        dropLong(\.appID, "app-id")
        var wanted = headers
        if messageID.utf8.count > Self.longestProperty {
            copy.messageID = ""
            wanted[HeaderName.originID] = .string(messageID)
            names.append("message-id")
        }
        wanted[HeaderName.trimmed] = nil

        var room = Self.roomForHeaders - Self.size(of: HeaderName.trimmed, Self.longestList)
        copy.headers = [:]
        let inOrder =
            Self.headersByWeight + wanted.keys.filter { !Self.headersByWeight.contains($0) }.sorted()
        for name in inOrder {
            guard let value = wanted[name] else { continue }
            var kept = value
            if case .string(let text) = value {
                let limit = Self.longestText[name] ?? Self.longestProperty
                // A truncated identifier would identify something else.
                if text.utf8.count > limit, Self.wholeOrNot.contains(name) {
                    names.append(name)
                    continue
                }
                kept = .string(text.cut(toUTF8Bytes: limit))
            }
            let size = Self.size(of: name, kept.string?.utf8.count ?? 8)
            guard name.utf8.count <= Self.longestProperty, size <= room else {
                names.append(name.cut(toUTF8Bytes: 64))
                continue
            }
            if kept != value { names.append(name) }
            copy.headers[name] = kept
            room -= size
        }
        copy.headers[HeaderName.trimmed] = .string(
            names.joined(separator: ", ").cut(toUTF8Bytes: Self.longestList))
        return copy
    }

    /// The maximum length of AMQP's short strings, in bytes.
    private static let longestProperty = 255
    /// The maximum length of `auth-trimmed`, in bytes.
    private static let longestList = 128
    /// Three quarters of the smallest frame, minus five properties of 255 bytes and the fixed part.
    private static let roomForHeaders = 4096 / 4 * 3 - 5 * 256 - 64

    /// The headers that an operator needs most come first.
    private static let headersByWeight = [
        HeaderName.reason, HeaderName.handler, HeaderName.attempt, HeaderName.failedAt, HeaderName.originKey,
        HeaderName.originID, HeaderName.error, HeaderName.subject, HeaderName.firstError,
        HeaderName.traceparent, HeaderName.tracestate,
    ]
    private static let wholeOrNot: Set<String> = [
        HeaderName.subject, HeaderName.traceparent, HeaderName.tracestate,
    ]
    /// Maximum lengths in bytes; 255 for other headers. Each invalid UTF-8 byte is replaced by three bytes.
    private static let longestText = [
        HeaderName.originID: 3 * 255, HeaderName.handler: 100, HeaderName.error: 128,
        HeaderName.firstError: 128,
    ]

    private static func size(of name: String, _ valueBytes: Int) -> Int { 6 + name.utf8.count + valueBytes }
}
