// SPDX-License-Identifier: Apache-2.0
public import Foundation

/// Signs requests to a webhook, so that the receiver can authenticate the sender and detect replays.
///
/// This target has no cryptography: the caller supplies HMAC-SHA-256.
///
/// Source: Standard Webhooks 1.0.0, `webhook-id`, `webhook-timestamp`, `webhook-signature`.
public struct WebhookSignature: Sendable {
    private let secret: WebhookSecret
    private let authenticationCode: @Sendable (_ message: Data, _ key: Data) -> Data

    /// - Parameters:
    ///   - secret: The key that signs.
    ///   - authenticationCode: HMAC-SHA-256 of a message under a key.
    public init(
        _ secret: WebhookSecret,
        authenticationCode: @escaping @Sendable (_ message: Data, _ key: Data) -> Data
    ) {
        self.secret = secret
        self.authenticationCode = authenticationCode
    }

    /// The headers of a request.
    ///
    /// - Parameters:
    ///   - id: the same in every attempt to deliver the same message; must not contain a dot.
    ///   - time: the time of this attempt; receivers reject requests that are minutes old.
    ///   - body: the body of the request.
    public func headers(id: String, at time: Date, body: Data) -> [String: String] {
        let seconds = String(Int64(saturating: time.timeIntervalSince1970))
        let code = authenticationCode(Data("\(id).\(seconds).".utf8) + body, secret.exposedBytes)
        return [
            "webhook-id": id, "webhook-timestamp": seconds,
            "webhook-signature": "v1,\(code.base64EncodedString())",
        ]
    }
}

/// A webhook's secret: `whsec_` and 24 to 64 random bytes in base64. Its description does not contain the secret.
public struct WebhookSecret: Sendable, CustomStringConvertible, CustomReflectable {
    /// The secret itself. The name starts with `exposed` to make every use stand out in a review.
    public let exposedBytes: Data

    /// Nil for any other text.
    public init?(_ text: String) {
        let prefix = "whsec_"
        guard text.hasPrefix(prefix), let bytes = Data(base64Encoded: String(text.dropFirst(prefix.count))),
            (24...64).contains(bytes.count)
        else { return nil }
        exposedBytes = bytes
    }

    public var description: String { "<WebhookSecret>" }
    public var customMirror: Mirror { Mirror(self, children: []) }
}
