// SPDX-License-Identifier: Apache-2.0
import Foundation

/// The response of `GET /api/queues/VHOST`, reduced to the consumers' queues.
///
/// A consumer's queue `NAME` is recognized by the queues beside it: `NAME.dead` and the rungs `NAME.retry.…`, as
/// `docs/contract.md` lists them. Other applications' queues of the virtual host are not shown.
struct ManagementQueues {
    private struct Queue: Decodable {
        struct Statistics: Decodable {
            struct Rate: Decodable { var rate: Double? }
            enum Key: CodingKey { case ack_details }
            var ack_details: Rate?

            /// RabbitMQ writes an object without members as `[]`: the statistics of a queue whose messages have not
            /// been acknowledged yet, for example of a queue with its first dead letter.
            init(from decoder: any Decoder) {
                let members = try? decoder.container(keyedBy: Key.self)
                ack_details = try? members?.decodeIfPresent(Rate.self, forKey: .ack_details)
            }
        }
        var name: String
        /// Missing until the broker has counted for the first time.
        var messages: Double?
        var messages_ready: Double?
        var messages_unacknowledged: Double?
        var message_stats: Statistics?
    }

    /// In the order of their names; at most ``most``.
    let numbers: [QueueNumbers]

    /// The maximum number of queues that are shown.
    static let most = 200

    /// - Returns: nil if the bytes are not a response of the management API.
    init?(decoding body: [UInt8]) {
        guard let queues = try? JSONDecoder().decode([Queue].self, from: Data(body)) else { return nil }
        let byName = Dictionary(queues.map { ($0.name, $0) }) { first, _ in first }
        let consumers = queues.filter { byName[$0.name + ".dead"] != nil }.sorted { $0.name < $1.name }
        numbers = consumers.prefix(Self.most).map { queue in
            let rungs = Self.rungs.compactMap { byName["\(queue.name).retry.\($0)"]?.messages }
            return QueueNumbers(
                name: queue.name,
                ready: queue.messages_ready.flatMap(wholeNumber),
                unacked: queue.messages_unacknowledged.flatMap(wholeNumber),
                ratePerSecond: queue.message_stats?.ack_details?.rate.flatMap {
                    $0 >= 0 && $0.isFinite ? $0 : nil
                },
                retry: rungs.isEmpty ? nil : wholeNumber(rungs.reduce(0, +)),
                dead: byName[queue.name + ".dead"]?.messages.flatMap(wholeNumber))
        }
    }

    /// The rungs of the retry ladder.
    private static let rungs = ["1s", "10s", "1m", "10m", "1h"]
}
