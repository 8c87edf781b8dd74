// SPDX-License-Identifier: Apache-2.0

/// A fact about an account, in the past tense, that the rest of the system may want to know.
///
/// The members of a conforming type are the members of `data` on the wire, in snake_case. An application
/// declares signals of its own in the same way:
///
/// ```swift
/// struct InvoicePaid: Signal {
///     static let name: SignalName = "billing.invoice_paid"
///     var request: RequestContext
///     var invoice: String
///     var subject: String? { invoice }
/// }
/// ```
public protocol Signal: Codable, Sendable {
    /// The name it is routed by.
    static var name: SignalName { get }

    /// The version of its schema; it grows only with an incompatible change, which no frozen signal has.
    static var schemaVersion: Int { get }

    /// When it is sent, in one phrase, for the catalogue and the schemas; empty where nothing is to be said.
    static var summary: String { get }

    /// The request that caused it; its id is the event's `correlationid`.
    var request: RequestContext { get }

    /// Whom it is about: the user's id for ours, opaque, never an address. Signals of one subject are
    /// handled in order by a worker. A UUID may be written in either case: it is lower case in the outbox and on the
    /// wire.
    var subject: String? { get }
}

extension Signal {
    public static var schemaVersion: Int { 1 }
    public static var summary: String { "" }
}

/// A signal of a user, or of somebody who may be one: its subject is the user's id.
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
