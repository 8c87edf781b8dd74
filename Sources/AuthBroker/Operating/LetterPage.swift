// SPDX-License-Identifier: Apache-2.0

/// A stretch of the letters that a pass looks at: what one consumer is given.
///
/// What stays in the queue is held until the pass ends, and given back all at once by closing the channel, however
/// the pass ends: RabbitMQ then puts back what each consumer held in the order in which that one got it. What is
/// given back by `basic.nack` RabbitMQ 3.10 puts back in the order of a hash, where it is more than 32 letters.
/// One consumer cannot hold all letters, for the broker has in its memory what it has sent and we have not read;
/// so there is one after the other, and the next begins when the one before has everything that it ever gets. The
/// consumers of a channel have an order, too, where they are 32 at most: pages grow, so that they hardly are more.
struct LetterPage {
    /// Begins alike and sorts as the pages do.
    let consumerTag: String
    /// How many letters the broker may have sent and not been told of, from 1 to 65535: the prefetch.
    let size: Int
    /// The first delivery of it.
    private let first: UInt64

    private var unsettled = 0
    private var untold = 0
    private var staying = 0

    /// - Parameters:
    ///   - number: from 0.
    ///   - first: the tag that the channel's next delivery gets.
    ///   - meanBytes: of the letters that were seen.
    init(number: Int, from first: UInt64, meanBytes: Int) {
        let digits = String(number)
        consumerTag = "dead-" + String(repeating: "0", count: max(0, 6 - digits.count)) + digits
        size = Self.size(number, meanBytes)
        self.first = first
    }

    /// As many as make 32 MiB, but 4096 at most; from the 16th page on twice as many as before, so that 32 of
    /// them hold half a million letters and more. The first is small, since nothing is known then.
    private static func size(_ number: Int, _ meanBytes: Int) -> Int {
        if number == 0 { return 512 }
        let usual = min(4096, max(256, (32 << 20) / max(1, meanBytes)))
        return min(65_535, usual << min(8, max(0, number - 15)))
    }

    /// A letter came.
    mutating func delivered() { unsettled += 1 }

    /// A letter stays in the queue.
    mutating func stays(_ tag: UInt64) { if tag >= first { staying += 1 } }

    /// A letter may be acknowledged.
    mutating func settled(_ tag: UInt64) { if tag >= first { untold += 1 } }

    /// What was settled is being acknowledged.
    mutating func told() {
        unsettled -= untold
        untold = 0
    }

    /// Whether nothing more comes until letters are acknowledged.
    var isFull: Bool { unsettled == size }

    /// Whether it is to be full and left: so much of it stays that little more would be on its way at a time.
    var isClosing: Bool { staying * 2 >= size }
}
