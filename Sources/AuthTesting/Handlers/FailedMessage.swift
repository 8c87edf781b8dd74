// SPDX-License-Identifier: Apache-2.0
public import AuthSignals

/// A message that a handler could not handle, in the retry ladder or in the dead letters of a ``TestWorker``.
public struct FailedMessage: Sendable {
    /// The message with its headers.
    public var message: SignalMessage
    /// The retry rung in which it waits; nil if it was dead-lettered.
    public var rung: RetryRung?

    init(_ message: SignalMessage, rung: RetryRung?) {
        self.message = message
        self.rung = rung
    }

    /// The signal's name; nil if the message has none that is valid.
    public var signal: SignalName? { message.type.flatMap { try? SignalName(validating: $0) } }

    /// The handler that failed; nil if none was called, as for a malformed message.
    public var handler: String? { message.headers[SignalMessage.HeaderName.handler]?.string }

    /// How often that handler was called, from 1; 0 if none was.
    public var attempts: Int {
        Int(clamping: message.headers[SignalMessage.HeaderName.attempt]?.integer ?? 0)
    }

    /// Why it was dead-lettered: `attempts-exhausted`, `malformed`, …, or the text of `SignalVerdict.reject`; nil for a
    /// retry.
    public var reason: String? { message.headers[SignalMessage.HeaderName.reason]?.string }

    /// The error of the last attempt: its type, and its description if it is a `LoggableError` or the setting
    /// `errorDetail` is `text`.
    public var error: String? { message.headers[SignalMessage.HeaderName.error]?.string }

    /// The signal as the handler received it.
    ///
    /// - Throws: `SignalError` if the message is not an event, or not of this type.
    public func decode<S: Signal>(_ type: S.Type = S.self) throws(SignalError) -> S {
        try SignalCodec.event(from: message.body).decode(type)
    }
}

extension FailedMessage: CustomStringConvertible {
    /// Without the payload.
    public var description: String {
        let place = rung.map { "retry in \($0)" } ?? "dead: \(reason ?? "unknown reason")"
        let name = signal?.rawValue ?? message.messageID
        return "\(name) by \(handler ?? "no handler"), attempt \(attempts), \(error ?? "no error"), \(place)"
    }
}
