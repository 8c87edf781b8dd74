// SPDX-License-Identifier: Apache-2.0

/// The subjects whose rows wait behind a deferred row.
///
/// A subject is held from the moment one of its rows is nacked. When its first deferred row is settled, the hold is
/// *released*: the rows that the cursor has passed meanwhile, up to the next deferred row, are read by subject and
/// published. Then that row may be published, or the hold ends.
struct BlockedSubjects: Sendable {
    private struct Hold {
        /// The deferred rows, in order.
        var blockers: [Int64] = []
        /// All rows of the subject up to here were published, or are among the blockers.
        var from: Int64
        /// Whether rows before the first blocker may still have to be published.
        var isReleased = false
    }
    private var holds: [String: Hold] = [:]
    private var released: [String] = []
    /// The number of deferred rows of all subjects.
    private(set) var count = 0

    var isEmpty: Bool { holds.isEmpty }

    /// Holds the subject behind a row.
    mutating func hold(_ subject: String, behind sequence: Int64) {
        var hold = holds[subject] ?? Hold(from: sequence)
        if sequence <= hold.from { hold.isReleased = false }
        hold.from = min(hold.from, sequence)
        let place = hold.blockers.firstIndex { $0 >= sequence } ?? hold.blockers.endIndex
        if place == hold.blockers.endIndex || hold.blockers[place] != sequence {
            hold.blockers.insert(sequence, at: place)
            count += 1
        }
        set(hold, of: subject)
    }

    /// A row is not deferred any more.
    mutating func release(_ subject: String, from sequence: Int64) {
        guard var hold = holds[subject], let place = hold.blockers.firstIndex(of: sequence) else { return }
        hold.blockers.remove(at: place)
        count -= 1
        if place == 0 { hold.isReleased = true }
        set(hold, of: subject)
    }

    /// Whether a row of the subject may be published: the subject is not held, or the row is its first deferred one, or
    /// it comes before that one and is published again because its outcome is unknown.
    func mayPass(_ subject: String, _ sequence: Int64) -> Bool {
        guard let hold = holds[subject] else { return true }
        return !hold.isReleased && hold.blockers.first.map { sequence <= $0 } ?? false
    }

    func isReleased(_ subject: String) -> Bool { holds[subject]?.isReleased ?? false }

    /// The first deferred row of the subject.
    func firstBlocker(of subject: String) -> Int64? { holds[subject]?.blockers.first }

    /// A subject whose held rows are to be read, and the number after which to read.
    var nextReleased: (subject: String, after: Int64)? {
        released.first.flatMap { subject in holds[subject].map { (subject, $0.from) } }
    }

    /// The held rows up to that number were published.
    mutating func advance(_ subject: String, to sequence: Int64) { holds[subject]?.from = sequence }

    /// All held rows before the next deferred one were published.
    ///
    /// - Returns: Whether another deferred row exists, which may be published now.
    mutating func end(_ subject: String) -> Bool {
        guard var hold = holds[subject] else { return false }
        hold.isReleased = false
        set(hold.blockers.isEmpty ? nil : hold, of: subject)
        return !hold.blockers.isEmpty
    }

    /// The cursor goes back, so the held rows after it must be read again, too.
    mutating func goBack(to cursor: Int64) {
        for (subject, hold) in holds where hold.from > cursor { holds[subject]?.from = cursor }
    }

    /// The deferred rows with their subjects.
    var blockers: [(subject: String, sequence: Int64)] {
        holds.flatMap { subject, hold in hold.blockers.map { (subject, $0) } }
    }

    private mutating func set(_ hold: Hold?, of subject: String) {
        let wasReleased = holds[subject]?.isReleased ?? false
        let isReleased = hold?.isReleased ?? false
        holds[subject] = hold
        if wasReleased, !isReleased { released.removeAll { $0 == subject } }
        if isReleased, !wasReleased { released.append(subject) }
    }
}
