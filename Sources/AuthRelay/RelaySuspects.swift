// SPDX-License-Identifier: Apache-2.0
public import AuthSignals
public import Foundation

/// A signal for which the broker closed the channel while nothing else was in flight.
public struct SuspectSignal: Hashable, Sendable {
    /// The signal's name.
    public var name: SignalName
    /// The signal's id, for `auth-signals outbox show`.
    public var id: UUID
    /// How often the channel was closed for this signal.
    public var closings: Int
    /// The broker's reply text of the last close.
    public var reason: String
}

/// Finds the row for which the broker closes the channel.
///
/// AMQP's `channel.close` does not identify the message that caused it, and the confirms of all messages in flight are
/// lost with the channel. So rows that were in flight at two closes are *isolated*: published one at a time. A row that
/// is alone in flight when the channel is closed is a *suspect*: it is deferred like a nacked row, other rows are
/// published meanwhile, and it is published again, alone. The third time it is parked.
///
/// A broker that refuses every row must not cause every row to be parked (for example if the publisher lacks write
/// permission on the exchange). A row is therefore parked only if the broker has confirmed, returned or nacked another
/// one since the first close. If the reply text is about the message itself, the row is parked without that, too, but
/// at most three rows in succession.
///
/// This state is not stored: after a restart the relay finds the row again, at the cost of a few closes.
struct RelaySuspects: Sendable {
    enum Verdict: Equatable {
        /// Publish the row again, alone.
        case deferred(closings: Int)
        /// The row is the cause.
        case guilty
    }

    private struct Suspect {
        var signal: SuspectSignal
        /// The value of `answers` at the first close.
        var answers: Int
    }

    /// A row that was in flight with others at this number of closes is published alone.
    static let sharedLimit = 2
    /// A row that was alone in flight at this number of closes is parked.
    static let aloneLimit = 3
    /// The maximum number of rows that are parked without a response of the broker to another row.
    static let parkedInARow = 3

    /// How often the channel was closed while a row was in flight with others, by row.
    private var shared: [Int64: Int] = [:]
    private var suspects: [Int64: Suspect] = [:]
    /// The number of rows that the broker has confirmed, returned or nacked.
    private var answers = 0
    private var parkedInARow = 0
    /// Rows up to here are published one at a time.
    private(set) var isolatedUpTo: Int64 = 0

    /// The number of suspects.
    var count: Int { suspects.count }

    /// The suspects, the oldest first.
    var signals: [SuspectSignal] { suspects.sorted { $0.key < $1.key }.map(\.value.signal) }

    var sequences: [Int64] { Array(suspects.keys) }

    /// Whether the row is a suspect.
    func contains(_ sequence: Int64) -> Bool { suspects[sequence] != nil }

    /// The next suspect to publish: the one with the fewest closes, so that each gets its turn.
    func next(of rows: [OutboxRow]) -> OutboxRow? {
        rows.min { closings(of: $0.sequence) < closings(of: $1.sequence) }
    }

    private func closings(of sequence: Int64) -> Int { suspects[sequence]?.signal.closings ?? 0 }

    /// Whether nothing else may be in flight while the row is.
    func mustBeAlone(_ sequence: Int64) -> Bool {
        contains(sequence) || shared[sequence, default: 0] >= Self.sharedLimit
    }

    /// The broker confirmed, returned or nacked the row: it is not the cause.
    mutating func answered(_ sequence: Int64) {
        answers += 1
        parkedInARow = 0
        forget(sequence)
    }

    /// The row is settled, or no longer exists.
    mutating func forget(_ sequence: Int64) {
        shared[sequence] = nil
        suspects[sequence] = nil
    }

    /// The channel was closed with the row and others in flight.
    ///
    /// - Returns: Whether the row is isolated from now on.
    mutating func closedTogether(_ sequence: Int64) -> Bool {
        shared[sequence, default: 0] += 1
        guard shared[sequence, default: 0] >= Self.sharedLimit else { return false }
        isolatedUpTo = max(isolatedUpTo, sequence)
        return shared[sequence] == Self.sharedLimit
    }

    /// The channel was closed with only the row in flight.
    mutating func closedAlone(
        _ sequence: Int64, name: SignalName, id: UUID, code: Int, text: String
    ) -> Verdict {
        let signal = SuspectSignal(name: name, id: id, closings: 0, reason: text)
        var suspect = suspects[sequence] ?? Suspect(signal: signal, answers: answers)
        suspect.signal.closings += 1
        suspect.signal.reason = text
        suspects[sequence] = suspect
        let closings = suspect.signal.closings
        guard closings >= Self.aloneLimit else { return .deferred(closings: closings) }
        if answers == suspect.answers {
            guard Self.isAboutMessage(code, text, name), parkedInARow < Self.parkedInARow else {
                return .deferred(closings: closings)
            }
            parkedInARow += 1
        }
        forget(sequence)
        return .guilty
    }

    /// Whether the close is about the published message, and not about its exchange.
    ///
    /// CONTENT_TOO_LARGE (311) and PRECONDITION_FAILED (406) are, and so is ACCESS_REFUSED (403) if its text names the
    /// topic: "access to topic 'account.user_logged_in' in exchange …".
    private static func isAboutMessage(_ code: Int, _ text: String, _ name: SignalName) -> Bool {
        code == 311 || code == 406 || code == 403 && text.contains("topic '\(name)'")
    }
}
