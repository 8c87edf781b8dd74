// SPDX-License-Identifier: Apache-2.0

/// The subjects whose rows wait behind one that failed.
///
/// A subject is held from the moment a row of it is nacked. When no row of it is set back any more it is
/// *released*: what the cursor has passed meanwhile is read by the subject, and then the hold ends.
struct RelayHolds: Sendable {
    private struct Hold {
        /// The rows that were set back, in order.
        var blockers: [Int64]
        /// All rows of the subject up to here were sent, or are among the blockers.
        var from: Int64
    }
    private var holds: [String: Hold] = [:]
    private var released: [String] = []
    /// How many rows were set back, of all subjects.
    private(set) var count = 0

    var isEmpty: Bool { holds.isEmpty }

    /// Holds the subject behind a row.
    mutating func hold(_ subject: String, behind sequence: Int64) {
        var hold = holds[subject] ?? Hold(blockers: [], from: sequence)
        if hold.blockers.isEmpty { released.removeAll { $0 == subject } }
        hold.from = min(hold.from, sequence)
        let place = hold.blockers.firstIndex { $0 >= sequence } ?? hold.blockers.endIndex
        if place == hold.blockers.endIndex || hold.blockers[place] != sequence {
            hold.blockers.insert(sequence, at: place)
            count += 1
        }
        holds[subject] = hold
    }

    /// Says that a row does not wait any more.
    ///
    /// - Returns: whether it held others that were set back too, which may go on now.
    mutating func release(_ subject: String, from sequence: Int64) -> Bool {
        guard let place = holds[subject]?.blockers.firstIndex(of: sequence) else { return false }
        holds[subject]?.blockers.remove(at: place)
        count -= 1
        if holds[subject]?.blockers.isEmpty == false { return true }
        released.append(subject)
        return false
    }

    /// Whether a row of the subject may be sent: there is no hold, or it is the first of those that were set
    /// back, or it comes before that one and is sent again because its outcome is unknown.
    func mayPass(_ subject: String, _ sequence: Int64) -> Bool {
        guard let hold = holds[subject] else { return true }
        return hold.blockers.first.map { sequence <= $0 } ?? false
    }

    func isReleased(_ subject: String) -> Bool { holds[subject]?.blockers.isEmpty ?? false }

    /// A subject whose held rows are to be read, and after which number.
    var nextReleased: (subject: String, after: Int64)? {
        released.first.flatMap { subject in holds[subject].map { (subject, $0.from) } }
    }

    /// The held rows up to that number were sent.
    mutating func advance(_ subject: String, to sequence: Int64) { holds[subject]?.from = sequence }

    /// All held rows of the subject were sent.
    mutating func end(_ subject: String) {
        holds[subject] = nil
        released.removeAll { $0 == subject }
    }

    /// Rows after the cursor are read again: so those that are held are to be read again too.
    mutating func goBack(to cursor: Int64) {
        for (subject, hold) in holds where hold.from > cursor { holds[subject]?.from = cursor }
    }

    /// The rows that were set back, with their subjects.
    var blockers: [(subject: String, sequence: Int64)] {
        holds.flatMap { subject, hold in hold.blockers.map { (subject, $0) } }
    }
}
