// SPDX-License-Identifier: Apache-2.0

/// A fact about an account, in the past tense, that the rest of the system may want to know.
///
/// The members of a conforming type are the members of `data` on the wire, in snake_case. An application
/// declares signals of its own in the same way:
///
/// ```swift
/// struct InvoicePaid: Signal {
///     static let name: SignalName = "billing.invoice_paid"
///     var request: SignalRequest
///     var invoice: String
///     @Personal var payer: String?
///     var subject: String? { invoice }
/// }
/// ```
///
/// ``Personal`` members are absent in the `thin` profile, and redacted in logs.
public protocol Signal: Codable, Sendable {
    /// The signal's name, which is its routing key.
    static var name: SignalName { get }

    /// The version of its schema. It is incremented only by an incompatible change, which a frozen signal never has.
    static var schemaVersion: Int { get }

    /// When it is sent, in one phrase, for the catalogue and the schemas; may be empty.
    static var summary: String { get }

    /// The request that caused it; its id is the event's `correlationid`.
    var request: SignalRequest { get }

    /// The person the signal is about, as an opaque id, never an address; for our own signals the user's id. A worker
    /// handles the signals of one subject in order. A UUID may be upper or lower case: it is lower case in the outbox
    /// and on the wire.
    var subject: String? { get }
}

extension Signal {
    public static var schemaVersion: Int { 1 }
    public static var summary: String { "" }
}

/// A signal about a user: its subject is the user's id, if one is known.
public protocol UserSignal: Signal {
    associatedtype Subject
    /// The user as they were when the signal was emitted.
    var user: Subject { get }
}

extension UserSignal where Subject == UserSnapshot {
    public var subject: String? { user.id }
}

extension UserSignal where Subject == UserSnapshot? {
    public var subject: String? { user?.id }
}
