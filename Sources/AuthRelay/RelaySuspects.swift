// SPDX-License-Identifier: Apache-2.0
public import AuthSignals
public import Foundation

/// A signal over which the broker closed the channel while nothing else was in flight.
public struct SuspectSignal: Hashable, Sendable {
    /// The signal's name.
    public var name: SignalName
    /// The signal's id: what `auth-signals outbox show` takes.
    public var id: UUID
    /// How often the channel was closed over it.
    public var closings: Int
    /// The broker's text, the last time.
    public var reason: String
}

/// Finds out which row the broker closes the channel over.
///
/// AMQP's `channel.close` does not name the message that it answers, and it takes the confirms of all messages in
/// flight with it. So rows that were in flight at two closings are *isolated*: sent one at a time. A row that is
/// alone when the channel is closed is a *suspect*: its retry is deferred, like that of a row that was nacked, other
/// rows are sent meanwhile, and it is sent again, alone. The third time it is parked.
///
/// A broker that refuses every row must not get every row parked (a publisher that may not write to the exchange at all,
/// for example). A row is therefore parked only if the broker has answered for another one since the first closing. If
/// the text is about the message itself it is parked without that, too, but at most three in a row.
///
/// Nothing of this is stored: a relay that starts anew finds the row again, at the price of a few closings.
struct RelaySuspects: Sendable {
    enum Verdict: Equatable {
        /// Send it again, alone.
        case deferred(closings: Int)
        /// It is the row's fault.
        case guilty
    }

    private struct Suspect {
        var signal: SuspectSignal
        /// How many answers the broker had given before the first closing.
        var answers: Int
    }

    /// A row that was in flight with others at so many closings is sent alone.
    static let sharedLimit = 2
    /// A row that was alone at so many closings is parked.
    static let aloneLimit = 3
    /// How many rows are parked at most without another one that the broker has answered for.
    static let parkedInARow = 3

    /// The rows that were in flight with others when the channel was closed, and how often.
    private var shared: [Int64: Int] = [:]
    private var suspects: [Int64: Suspect] = [:]
    /// How many rows the broker has answered for.
    private var answers = 0
    private var parkedInARow = 0
    /// Rows up to here are sent one at a time.
    private(set) var isolatedUpTo: Int64 = 0

    /// How many suspects there are.
    var count: Int { suspects.count }

    /// The suspects, the oldest first.
    var signals: [SuspectSignal] { suspects.sorted { $0.key < $1.key }.map(\.value.signal) }

    var sequences: [Int64] { Array(suspects.keys) }

    /// Whether the row is a suspect.
    func contains(_ sequence: Int64) -> Bool { suspects[sequence] != nil }

    /// Which of some suspects is sent next: the one that was sent least often, so that each has its turn.
    func next(of rows: [OutboxRow]) -> OutboxRow? {
        rows.min { closings(of: $0.sequence) < closings(of: $1.sequence) }
    }

    private func closings(of sequence: Int64) -> Int { suspects[sequence]?.signal.closings ?? 0 }

    /// Whether nothing else may be in flight while the row is.
    func mustBeAlone(_ sequence: Int64) -> Bool {
        contains(sequence) || shared[sequence, default: 0] >= Self.sharedLimit
    }

    /// The broker answered for the row: it is not the one.
    mutating func answered(_ sequence: Int64) {
        answers += 1
        parkedInARow = 0
        forget(sequence)
    }

    /// The row is settled, or gone.
    mutating func forget(_ sequence: Int64) {
        shared[sequence] = nil
        suspects[sequence] = nil
    }

    /// The channel was closed with the row and others in flight.
    ///
    /// - Returns: whether it is isolated from now on.
    mutating func closedTogether(_ sequence: Int64) -> Bool {
        shared[sequence, default: 0] += 1
        guard shared[sequence, default: 0] >= Self.sharedLimit else { return false }
        isolatedUpTo = max(isolatedUpTo, sequence)
        return shared[sequence] == Self.sharedLimit
    }

    /// The channel was closed with nothing but the row in flight.
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

    /// Whether the broker's answer is about the message that was published, and not about its exchange.
    ///
    /// CONTENT_TOO_LARGE (311) and PRECONDITION_FAILED (406) are, and ACCESS_REFUSED (403) is if it names the topic:
    /// "access to topic 'account.user_logged_in' in exchange …".
    private static func isAboutMessage(_ code: Int, _ text: String, _ name: SignalName) -> Bool {
        code == 311 || code == 406 || code == 403 && text.contains("topic '\(name)'")
    }
}
