// SPDX-License-Identifier: Apache-2.0

/// Connections that hold letters which stay in the queue, and do nothing else any more, oldest first.
struct LetterHolders {
    private var holders: [(channel: Channel, held: Int)] = []
    private var keptAt = ContinuousClock.now
    private let heartbeat: Duration

    /// - Parameter heartbeat: of the connections.
    init(heartbeat: Duration) { self.heartbeat = heartbeat }

    var isEmpty: Bool { holders.isEmpty }

    mutating func add(_ channel: Channel, holding held: Int) { holders.append((channel, held)) }

    /// Lets them hear and send heartbeats; called often.
    mutating func keep() throws(BrokerError) {
        if .now - keptAt < heartbeat / 4 { return }
        keptAt = .now
        for holder in holders {
            try holder.channel.step(waitingFor: .zero, wantsToWrite: false, Nobody())
        }
    }

    /// Closes them one after the other, each when the queue has what the ones before held: in their order.
    ///
    /// - Parameter channel: looks at the queue.
    /// - Returns: how many letters they held.
    mutating func giveBack(to queue: String, watching channel: Channel) throws(BrokerError) -> Int {
        var given = 0
        while !holders.isEmpty {
            let holder = holders.removeFirst()
            holder.channel.close(within: .seconds(1))
            given += holder.held
            try channel.awaitCount(of: given, in: queue)
        }
        return given
    }

    /// Closes them all at once.
    mutating func close() {
        for holder in holders { holder.channel.close(within: .seconds(1)) }
        holders = []
    }
}
