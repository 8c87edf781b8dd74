// SPDX-License-Identifier: Apache-2.0

/// The subjects whose rows wait behind a deferred row.
///
/// A subject is blocked from the moment one of its rows is nacked. When its first deferred row is settled, the block is
/// *released*: the rows that the cursor has passed meanwhile, up to the next deferred row, are read by subject and
/// published. Then that row may be published, or the block ends.
struct BlockedSubjects: Sendable {
    private struct Block {
        /// The deferred rows, in order.
        var blockers: [Int64] = []
        /// All rows of the subject up to here were published, or are among the blockers.
        var from: Int64
        /// Whether rows before the first blocker may still have to be published.
        var isReleased = false
    }
    private var blocks: [String: Block] = [:]
    private var released: [String] = []
    /// The number of deferred rows of all subjects.
    private(set) var count = 0

    var isEmpty: Bool { blocks.isEmpty }

    /// Blocks the subject behind a row.
    mutating func add(_ subject: String, behind sequence: Int64) {
        var block = blocks[subject] ?? Block(from: sequence)
        if sequence <= block.from { block.isReleased = false }
        block.from = min(block.from, sequence)
        let place = block.blockers.firstIndex { $0 >= sequence } ?? block.blockers.endIndex
        if place == block.blockers.endIndex || block.blockers[place] != sequence {
            block.blockers.insert(sequence, at: place)
            count += 1
        }
        set(block, of: subject)
    }

    /// A row is not deferred any more.
    mutating func release(_ subject: String, from sequence: Int64) {
        guard var block = blocks[subject], let place = block.blockers.firstIndex(of: sequence) else { return }
        block.blockers.remove(at: place)
        count -= 1
        if place == 0 { block.isReleased = true }
        set(block, of: subject)
    }

    /// Whether a row of the subject may be published: the subject is not blocked, or the row is its first deferred one,
    /// or it comes before that one and is published again because its outcome is unknown.
    func mayPass(_ subject: String, _ sequence: Int64) -> Bool {
        guard let block = blocks[subject] else { return true }
        return !block.isReleased && block.blockers.first.map { sequence <= $0 } ?? false
    }

    func isReleased(_ subject: String) -> Bool { blocks[subject]?.isReleased ?? false }

    /// The first deferred row of the subject.
    func firstBlocker(of subject: String) -> Int64? { blocks[subject]?.blockers.first }

    /// A subject whose blocked rows are to be read, and the number after which to read.
    var nextReleased: (subject: String, after: Int64)? {
        released.first.flatMap { subject in blocks[subject].map { (subject, $0.from) } }
    }

    /// The blocked rows up to that number were published.
    mutating func advance(_ subject: String, to sequence: Int64) { blocks[subject]?.from = sequence }

    /// All blocked rows before the next deferred one were published.
    ///
    /// - Returns: Whether another deferred row exists, which may be published now.
    mutating func end(_ subject: String) -> Bool {
        guard var block = blocks[subject] else { return false }
        block.isReleased = false
        set(block.blockers.isEmpty ? nil : block, of: subject)
        return !block.blockers.isEmpty
    }

    /// The cursor goes back, so the blocked rows after it must be read again, too.
    mutating func goBack(to cursor: Int64) {
        for (subject, block) in blocks where block.from > cursor { blocks[subject]?.from = cursor }
    }

    /// The deferred rows with their subjects.
    var blockers: [(subject: String, sequence: Int64)] {
        blocks.flatMap { subject, block in block.blockers.map { (subject, $0) } }
    }

    private mutating func set(_ block: Block?, of subject: String) {
        let wasReleased = blocks[subject]?.isReleased ?? false
        let isReleased = block?.isReleased ?? false
        blocks[subject] = block
        if wasReleased, !isReleased { released.removeAll { $0 == subject } }
        if isReleased, !wasReleased { released.append(subject) }
    }
}
