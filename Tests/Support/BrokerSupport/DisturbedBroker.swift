// SPDX-License-Identifier: Apache-2.0
import Synchronization

/// A node for tests that change, block or kill a broker. It is started once, since a start takes longer than most
/// tests; one test uses it at a time.
public enum DisturbedBroker {
    private static let turns = Turns()
    private static let node = Mutex<PrivateBroker?>(nil)

    /// Runs a body with the node, in a new virtual host. After an error the node is killed, and the next test starts
    /// another one.
    ///
    /// - Parameter body: leaves the node running and without alarms. Its second parameter is the AMQP URL of the
    ///   virtual host.
    public static func use(_ body: (PrivateBroker, String) async throws -> Void) async throws {
        await turns.begin()
        do { try await run(body) } catch {
            await turns.end()
            throw error
        }
        await turns.end()
    }

    private static func run(_ body: (PrivateBroker, String) async throws -> Void) async throws {
        let running = node.withLock { node in
            defer { node = nil }
            return node
        }
        let broker: PrivateBroker
        if let running { broker = running } else { broker = try await PrivateBroker.start() }
        do { try await broker.withVirtualHost { try await body(broker, $1) } } catch {
            try? await broker.kill()
            throw error
        }
        node.withLock { $0 = broker }
    }

    /// Lets one task pass at a time, in the order of their calls.
    private actor Turns {
        private var isTaken = false
        private var waiting: [CheckedContinuation<Void, Never>] = []

        func begin() async {
            if !isTaken {
                isTaken = true
                return
            }
            await withCheckedContinuation { waiting.append($0) }
        }

        func end() {
            if waiting.isEmpty { isTaken = false } else { waiting.removeFirst().resume() }
        }
    }
}
