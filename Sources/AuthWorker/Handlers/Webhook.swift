// SPDX-License-Identifier: Apache-2.0
public import AuthHTTP
public import AuthSignals
import Crypto
public import Foundation

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

    /// - Parameters:
    ///   - settings: the receiver's address, secret and time limit.
    ///   - connections: shut down by the caller.
    ///   - clock: the time; tests pass a clock that they set.
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
        var request = OutgoingRequest("POST", settings.url, timeout: settings.timeout)
        request.headers = [("content-type", SignalCodec.contentType), ("user-agent", "auth-consumer")]
        let now = clock.now()
        for (name, value) in signature.headers(id: event.id.wireText, at: now, body: event.body) {
            request.headers.append((name, value))
        }
        request.body = [UInt8](event.body)
        request.responseBody = .ignored(upTo: 64 * 1024)
        let response: OutgoingResponse
        do {
            response = try await connections.send(request)
        } catch {
            throw error.cause == .shutDown ? CancellationError() as any Error : WebhookError(error)
        }
        switch response.status {
        case 200..<300: return
        case 410: throw SignalVerdict.reject("the webhook returned status 410 (Gone)")
        case 429, 503:
            guard let text = response.header("retry-after"), let delay = RetryAfter.delay(text, at: now)
            else { throw WebhookError(response.status) }
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
    init(_ status: Int) { description = "the webhook returned status \(status)" }

    /// - Parameter fault: why there was no response.
    init(_ fault: HTTPFault) { description = "the webhook request failed: \(fault)" }
}

/// The settings of a ``Webhook``.
public struct WebhookSettings: Sendable {
    /// `CONSUMER_WEBHOOK_URL`: https, or http to a loopback address.
    public var url: URL
    /// `CONSUMER_WEBHOOK_SECRET`: `whsec_…`.
    public var secret: WebhookSecret
    /// `CONSUMER_WEBHOOK_TIMEOUT`: how long an attempt may take, in seconds from 1 to 300; 10 by default.
    public var timeout: Duration

    /// - Parameters:
    ///   - url: https, or http to a loopback address.
    ///   - secret: the key that signs requests.
    ///   - timeout: how long an attempt may take.
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
