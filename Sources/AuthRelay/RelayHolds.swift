// SPDX-License-Identifier: Apache-2.0

/// The subjects whose rows wait behind one that failed.
///
/// A subject is held from the moment a row of it is nacked. When the first of its rows that were set back is
/// through, the hold is *released*: what the cursor has passed meanwhile, up to the next row that was set back,
/// is read by the subject and sent; then that row may go, or the hold ends.
struct RelayHolds: Sendable {
    private struct Hold {
        /// The rows that were set back, in order.
        var blockers: [Int64] = []
        /// All rows of the subject up to here were sent, or are among the blockers.
        var from: Int64
        /// Whether rows before the first blocker may still have to be sent.
        var isReleased = false
    }
    private var holds: [String: Hold] = [:]
    private var released: [String] = []
    /// How many rows were set back, of all subjects.
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

    /// Says that a row does not wait any more.
    mutating func release(_ subject: String, from sequence: Int64) {
        guard var hold = holds[subject], let place = hold.blockers.firstIndex(of: sequence) else { return }
        hold.blockers.remove(at: place)
        count -= 1
        if place == 0 { hold.isReleased = true }
        set(hold, of: subject)
    }

    /// Whether a row of the subject may be sent: there is no hold, or it is the first of those that were set
    /// back, or it comes before that one and is sent again because its outcome is unknown.
    func mayPass(_ subject: String, _ sequence: Int64) -> Bool {
        guard let hold = holds[subject] else { return true }
        return !hold.isReleased && hold.blockers.first.map { sequence <= $0 } ?? false
    }

    func isReleased(_ subject: String) -> Bool { holds[subject]?.isReleased ?? false }

    /// The first row of the subject that was set back.
    func firstBlocker(of subject: String) -> Int64? { holds[subject]?.blockers.first }

    /// A subject whose held rows are to be read, and after which number.
    var nextReleased: (subject: String, after: Int64)? {
        released.first.flatMap { subject in holds[subject].map { (subject, $0.from) } }
    }

    /// The held rows up to that number were sent.
    mutating func advance(_ subject: String, to sequence: Int64) { holds[subject]?.from = sequence }

    /// All held rows before the next one that was set back were sent.
    ///
    /// - Returns: whether there is such a row, which may go now.
    mutating func end(_ subject: String) -> Bool {
        guard var hold = holds[subject] else { return false }
        hold.isReleased = false
        set(hold.blockers.isEmpty ? nil : hold, of: subject)
        return !hold.blockers.isEmpty
    }

    /// Rows after the cursor are read again: so those that are held are to be read again too.
    mutating func goBack(to cursor: Int64) {
        for (subject, hold) in holds where hold.from > cursor { holds[subject]?.from = cursor }
    }

    /// The rows that were set back, with their subjects.
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
