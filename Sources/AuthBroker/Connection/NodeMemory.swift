// SPDX-License-Identifier: Apache-2.0
import Synchronization

/// Remembers which broker nodes responded, for all connections of the process: nodes that worked are tried first, nodes
/// that failed last, so that a dead node costs its timeout once and not for every connection.
///
/// CRabbitMQ does the same for the addresses of one host.
final class NodeMemory: Sendable {
    static let shared = NodeMemory()

    private struct Node: Hashable {
        var host: String
        var port: Int
        var isEncrypted: Bool
    }

    private struct State {
        /// A logical clock, incremented on every failure.
        var moments = 0
        /// When a node last failed; 0 if it has worked since.
        var failures: [Node: Int] = [:]
    }

    private let state = Mutex(State())

    /// The nodes in the order to try them; unknown nodes keep their relative order.
    func order(_ urls: [BrokerURL]) -> [BrokerURL] {
        let failures = state.withLock { $0.failures }
        return urls.enumerated()
            .map { (rank: rank($0.element, failures), place: $0.offset, url: $0.element) }
            .sorted { ($0.rank, $0.place) < ($1.rank, $1.place) }
            .map(\.url)
    }

    /// Nodes that worked come first, then unknown ones, then failed ones, the oldest failure first.
    private func rank(_ url: BrokerURL, _ failures: [Node: Int]) -> Int {
        failures[node(url)].map { $0 == 0 ? 0 : 1 + $0 } ?? 1
    }

    func worked(_ url: BrokerURL) { state.withLock { $0.failures[node(url)] = 0 } }

    /// An attempt to connect to the node failed, or its connection was lost.
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
