// SPDX-License-Identifier: Apache-2.0

/// One page of a pass over the dead letters: the deliveries of one consumer.
///
/// Messages that stay in the queue are held until the pass ends, and are then returned together by closing the channel:
/// RabbitMQ requeues each consumer's messages in the order of their delivery. After `basic.nack`, RabbitMQ 3.10 would
/// requeue more than 32 messages in the order of a hash. One consumer cannot hold all messages, because the broker
/// keeps in memory what it has sent and the client has not read. So consumers follow each other, and the next one
/// starts when the previous one has received its last message. The order of a channel's consumers is preserved up to 32
/// of them: pages grow, so that there are rarely more.
struct DeadLetterWindow {
    /// All tags have the same prefix and sort in the order of the pages.
    let consumerTag: String
    /// The prefetch: the maximum number of unacknowledged messages, from 1 to 65535.
    let size: Int
    /// The delivery tag of the page's first message.
    private let first: UInt64

    private var unsettled = 0
    private var untold = 0
    private var staying = 0

    /// - Parameters:
    ///   - number: The page's number, from 0.
    ///   - first: The channel's next delivery tag.
    ///   - meanBytes: The mean body size of the messages inspected so far.
    init(number: Int, from first: UInt64, meanBytes: Int) {
        let digits = String(number)
        consumerTag = "dead-" + String(repeating: "0", count: max(0, 6 - digits.count)) + digits
        size = Self.size(number, meanBytes)
        self.first = first
    }

    /// As many messages as fit into 32 MiB, but 4096 at most. From the 16th page on the size doubles, so that 32 pages
    /// hold more than half a million messages. The first page is small, because the mean size is not known yet.
    private static func size(_ number: Int, _ meanBytes: Int) -> Int {
        if number == 0 { return 512 }
        let usual = min(4096, max(256, (32 << 20) / max(1, meanBytes)))
        return min(65_535, usual << min(8, max(0, number - 15)))
    }

    /// A message was delivered.
    mutating func delivered() { unsettled += 1 }

    /// A message stays in the queue.
    mutating func stays(_ tag: UInt64) { if tag >= first { staying += 1 } }

    /// A message may be acknowledged.
    mutating func settled(_ tag: UInt64) { if tag >= first { untold += 1 } }

    /// The settled messages are being acknowledged.
    mutating func told() {
        unsettled -= untold
        untold = 0
    }

    /// Whether nothing more is delivered until messages are acknowledged.
    var isFull: Bool { unsettled == size }

    /// Whether to fill the page and then go on to the next: so many of its messages stay that few others fit into the
    /// prefetch.
    var isClosing: Bool { staying * 2 >= size }
}
