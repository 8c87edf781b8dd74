// SPDX-License-Identifier: Apache-2.0
import Synchronization

/// Remembers which broker nodes responded, for all connections of the process: nodes that worked are tried first, nodes
/// that failed last, so that a dead node costs its timeout once and not for every connection.
///
/// CRabbitMQ does the same for the addresses of one host, with the same seed.
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

    /// The nodes in the order to try them; unknown nodes are in the order of the settings.
    func order(_ settings: BrokerSettings) -> [BrokerURL] {
        let failures = state.withLock { $0.failures }
        var urls = settings.urls
        if settings.seed != 0 {
            var numbers = SplitMix64(state: UInt64(bitPattern: settings.seed))
            urls.shuffle(using: &numbers)
        }
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

/// A small generator of random numbers that a seed determines.
private struct SplitMix64: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var number = state
        number = (number ^ (number >> 30)) &* 0xbf58_476d_1ce4_e5b9
        number = (number ^ (number >> 27)) &* 0x94d0_49bb_1331_11eb
        return number ^ (number >> 31)
    }
}
