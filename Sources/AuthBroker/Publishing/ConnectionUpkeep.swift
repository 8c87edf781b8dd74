// SPDX-License-Identifier: Apache-2.0

/// What a publishing connection does beside publishing: when it is opened, and in its pauses, while no message is in
/// flight. Every call is made by the connection's thread, and may wait for the broker's answer.
protocol ConnectionUpkeep: AnyObject {
    /// How long after one turn the next is due.
    var interval: Duration { get }

    /// A connection was opened; what throws ends it.
    func opened(_ channel: Channel) throws(BrokerError)

    /// It is due; what throws ends the connection.
    func perform(_ channel: Channel) throws(BrokerError)

    /// The connection was lost over something that this has done.
    func failed(_ error: BrokerError)
}
