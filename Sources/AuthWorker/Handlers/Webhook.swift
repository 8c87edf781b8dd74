// SPDX-License-Identifier: Apache-2.0
import AsyncHTTPClient
public import AuthHTTP
public import AuthSignals
import Crypto
public import Foundation
import NIOCore
import NIOHTTP1

/// A handler that posts each event to a URL, signed according to Standard Webhooks.
///
/// ```swift
/// let webhook = Webhook(settings, over: connections)
/// handlers.on(matching: "#", as: "webhook") { event, _ in try await webhook.post(event) }
/// ```
///
/// The body is the event as it was published. `webhook-id` is the event's id, the same in every attempt, and serves as
/// the receiver's idempotency key.
public struct Webhook: Sendable {
    private let settings: WebhookSettings
    private let signature: WebhookSignature
    private let connections: HTTPConnections
    private let clock: any WallClock

    /// - Parameter connections: shut down by the caller.
    public init(
        _ settings: WebhookSettings, over connections: HTTPConnections, clock: any WallClock = .system
    ) {
        self.settings = settings
        self.connections = connections
        self.clock = clock
        signature = WebhookSignature(settings.secret) { message, key in
            Data(HMAC<SHA256>.authenticationCode(for: message, using: SymmetricKey(data: key)))
        }
    }

    /// Posts an event; a 2xx status accepts it.
    ///
    /// - Throws: `SignalVerdict` if the response asks for a rejection (410) or a delayed retry (429 or 503 with
    ///   `Retry-After`), ``WebhookError`` for all other failures, which are retried.
    public func post(_ event: SignalEvent) async throws {
        var request = HTTPClientRequest(url: settings.url.absoluteString)
        request.method = .POST
        request.headers.add(name: "content-type", value: SignalCodec.contentType)
        request.headers.add(name: "user-agent", value: "auth-consumer")
        let now = clock.now()
        for (name, value) in signature.headers(id: event.id.wireText, at: now, body: event.body) {
            request.headers.add(name: name, value: value)
        }
        request.body = .bytes(ByteBuffer(bytes: event.body))
        guard let client = connections.client(for: settings.url) else { throw CancellationError() }
        let response: HTTPClientResponse
        do {
            response = try await client.execute(
                request, timeout: .seconds(settings.timeout.components.seconds))
        } catch {
            throw WebhookError(connections.fault(error, for: settings.url))
        }
        // The response's body is not read.
        switch response.status.code {
        case 200..<300: return
        case 410: throw SignalVerdict.reject("the webhook returned status 410 (Gone)")
        case 429, 503:
            guard let text = response.headers.first(name: "retry-after"),
                let delay = RetryAfter.delay(text, at: now)
            else { throw WebhookError(response.status.code) }
            throw SignalVerdict.retry(after: delay)
        case let status: throw WebhookError(status)
        }
    }
}

/// A webhook did not accept an event. It contains no part of the event, so it can be logged.
public struct WebhookError: LoggableError {
    /// The status or the cause.
    public let description: String

    /// - Parameter status: the status of its response.
    init(_ status: UInt) { description = "the webhook returned status \(status)" }

    /// - Parameter fault: why there was no response.
    init(_ fault: HTTPFault) { description = "the webhook request failed: \(fault)" }
}

/// `Retry-After` (RFC 9110, section 10.2.3): seconds, or a date.
enum RetryAfter {
    static func delay(_ text: String, at now: Date) -> Duration? {
        if let seconds = Int(text), seconds >= 0 { return .seconds(min(seconds, 86_400)) }
        let format = DateFormatter()
        format.locale = Locale(identifier: "en_US_POSIX")
        format.timeZone = TimeZone(identifier: "GMT")
        format.dateFormat = "EEE, dd MMM yyyy HH:mm:ss 'GMT'"
        guard let date = format.date(from: text) else { return nil }
        return .seconds(min(max(0, date.timeIntervalSince(now).rounded(.up)), 86_400))
    }
}

/// The settings of a ``Webhook``.
public struct WebhookSettings: Sendable {
    /// `CONSUMER_WEBHOOK_URL`: https, or http to a loopback address.
    public var url: URL
    /// `CONSUMER_WEBHOOK_SECRET`: `whsec_…`.
    public var secret: WebhookSecret
    /// `CONSUMER_WEBHOOK_TIMEOUT`: how long an attempt may take, in seconds from 1 to 300; 10 by default.
    public var timeout: Duration

    /// - Parameter timeout: how long an attempt may take.
    public init(url: URL, secret: WebhookSecret, timeout: Duration = .seconds(10)) {
        self.url = url
        self.secret = secret
        self.timeout = timeout
    }

    /// Nil if no URL is set, or if a setting is invalid, for which the reader records a fault.
    public init?(reading reader: inout SettingsReader) {
        timeout = reader.seconds("CONSUMER_WEBHOOK_TIMEOUT", default: .seconds(10), in: 1...300)
        guard let webhook = reader.webhook("CONSUMER_WEBHOOK") else { return nil }
        (url, secret) = webhook
    }
}
