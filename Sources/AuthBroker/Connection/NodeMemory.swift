// SPDX-License-Identifier: Apache-2.0
import Synchronization

/// Which nodes of a broker answered and which did not, for all connections of the process: what worked is tried first,
/// what failed last, so that one dead node costs its time-out once and not for every connection.
///
/// The C face remembers the addresses of one host in the same way.
final class NodeMemory: Sendable {
    static let shared = NodeMemory()

    private struct Node: Hashable {
        var host: String
        var port: Int
        var isEncrypted: Bool
    }

    private struct State {
        /// Counts what happens: the higher, the later.
        var moments = 0
        /// When a node failed last; 0 for one that worked since.
        var failures: [Node: Int] = [:]
    }

    private let state = Mutex(State())

    /// The nodes in the order in which they are worth trying; those that are not known stay in theirs.
    func order(_ urls: [BrokerURL]) -> [BrokerURL] {
        let failures = state.withLock { $0.failures }
        return urls.enumerated()
            .map { (rank: rank($0.element, failures), place: $0.offset, url: $0.element) }
            .sorted { ($0.rank, $0.place) < ($1.rank, $1.place) }
            .map(\.url)
    }

    /// What worked, what is not known, what failed, the longest ago first.
    private func rank(_ url: BrokerURL, _ failures: [Node: Int]) -> Int {
        failures[node(url)].map { $0 == 0 ? 0 : 1 + $0 } ?? 1
    }

    func worked(_ url: BrokerURL) { state.withLock { $0.failures[node(url)] = 0 } }

    /// A connection to the node was not made, or was lost.
    func failed(_ url: BrokerURL) {
        state.withLock { state in
            state.moments += 1
            state.failures[node(url)] = state.moments
        }
    }

    private func node(_ url: BrokerURL) -> Node {
        Node(host: url.host.lowercased(), port: url.port, isEncrypted: url.isEncrypted)
    }
}
