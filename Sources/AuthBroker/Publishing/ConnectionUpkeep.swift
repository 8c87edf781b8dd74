// SPDX-License-Identifier: Apache-2.0

/// A periodic task on a publishing connection: it runs when the connection is opened, and then whenever it is due and
/// no message is in flight. Every call is made by the connection's thread, and may block until the broker's reply.
protocol ConnectionUpkeep: AnyObject {
    /// How long after one run the next is due.
    var interval: Duration { get }

    /// A connection was opened; an error ends it.
    func opened(_ channel: Channel) throws(BrokerError)

    /// A run is due; an error ends the connection.
    func perform(_ channel: Channel) throws(BrokerError)

    /// ``opened(_:)`` or ``perform(_:)`` failed, which ended the connection.
    func failed(_ error: BrokerError)
}
