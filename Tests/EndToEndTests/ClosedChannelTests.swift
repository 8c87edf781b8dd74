// SPDX-License-Identifier: Apache-2.0
import AuthBroker
import AuthFlows
import AuthSignals
import AuthSQLiteStore
import AuthStore
import AuthTesting
import BrokerSupport
import Foundation
import ProgramSupport
import Testing
import ToolSupport

extension EndToEnd {
    /// The broker closes the channel because of some signals. Those are parked, and the others are published.
    @Suite("Signals that make the broker close the channel")
    struct ClosedChannelTests {
        @Test(.enabled(if: TestStore.isSQLite, "the signals are written to the file past the flows"))
        func `parks and reports signals of a topic without write permission and publishes the others`()
            async throws
        {
            let node = try await PrivateBroker.shared
            let installation = try await Self.installation(on: node)
            let (user, exchange) = try Self.userAndExchange(of: installation)
            let worker = try await installation.consume(
                queue: "topics", settings: ["BROKER_URL": node.url])
            try await node.setTopicPermissions(of: user, on: exchange, write: "^account\\.", read: ".*")
            let server = try await installation.serve(["--no-mail"])
            let names = (1...24).map { $0 == 9 || $0 == 10 ? "socialaccount.example" : "account.example" }
            let store = try Self.store(of: installation)
            try await Self.emit(names, into: store)
            let readiness = try await eventualValue(within: .seconds(60), "two are parked") {
                let answer = try await server.readiness()
                return answer.part("parked") == "2" && answer.part("pending") == "0" ? answer : nil
            }
            #expect(readiness.status == 200)
            #expect(readiness.part("parked_last")?.contains("socialaccount.example") == true)
            #expect(readiness.part("parked_last")?.contains("access to topic") == true)
            let handled = try await worker.handled(atLeast: 22)
            #expect(Set(handled.map(\.id)).count == 22)
            let log = server.program.log
            #expect(log.contains("channel closed by the broker because of a signal"))
            #expect(log.contains("signal=socialaccount.example"))
            let page = try await Answer("GET", server.base + "/metrics").text
            #expect(
                page.contains(
                    #"auth_signals_channel_closed_total{signal="socialaccount.example",code="403"}"#))
            let list = try await installation.operate(["outbox", "list", "--state", "parked", "--json"])
            #expect(list.lines.count == 2)
            #expect(list.output.contains("access to topic"))
            #expect(!list.output.contains(#""attempts":0"#))

            // With the permission granted, `outbox republish` publishes the parked signals.
            try await node.setTopicPermissions(of: user, on: exchange, write: ".*", read: ".*")
            try await server.program.stop()
            let again = try await installation.serve(["--no-mail"])
            try await installation.operate(["outbox", "republish", "--parked", "--since", "1h"])
            _ = try await worker.handled(atLeast: 24)
            try await again.program.stop()
            try await worker.program.stop()
            try await node.deleteUser(user)
        }

        @Test(.enabled(if: TestStore.isSQLite, "the signals are written to the file past the flows"))
        func `parks a signal larger than the broker's limit and publishes the others`() async throws {
            let node = try await PrivateBroker.managed
            try await node.withLargestMessage(16_384) {
                let installation = try await Installation(broker: node.url)
                let worker = try await installation.consume(queue: "sizes")
                let server = try await installation.serve(["--no-mail"])
                let store = try Self.store(of: installation)
                try await Self.emit(Array(repeating: "account.example", count: 23), into: store) {
                    $0 == 5 ? 40_000 : 10
                }
                try await eventually(within: .seconds(60), "the large signal is parked") {
                    let answer = try await server.readiness()
                    return answer.part("parked") == "1" && answer.part("pending") == "0"
                }
                #expect(try await server.readiness().part("parked_last")?.contains("16384") == true)
                #expect(Set(try await worker.handled(atLeast: 22).map(\.id)).count == 22)
                try await server.program.stop()
                try await worker.program.stop()
            }
        }

        @Test(.enabled(if: TestStore.isSQLite, "the signals are written to the file past the flows"))
        func `parks nothing without any write permission and publishes all signals once it is granted`()
            async throws
        {
            let node = try await PrivateBroker.shared
            let installation = try await Self.installation(on: node)
            let (user, _) = try Self.userAndExchange(of: installation)
            try await node.setPermissions(of: user, configure: ".*", write: "^$", read: "^$")
            let worker = try await installation.consume(
                queue: "nothing", settings: ["BROKER_URL": node.url])
            let server = try await installation.serve(["--no-mail"])
            let store = try Self.store(of: installation)
            try await Self.emit(Array(repeating: "account.example", count: 6), into: store)
            try await eventually(within: .seconds(60), "some signals were retried alone and rejected again") {
                let suspects = try await server.readiness().part("suspects")
                let pending = try await store.outboxRecords(OutboxFilter([.pending]))
                return suspects != nil && pending.contains { $0.row.attempts > 0 }
            }
            #expect(try await store.status().parked == 0)
            #expect(try await server.readiness().part("suspect")?.contains("access to exchange") == true)
            try await node.setPermissions(of: user, configure: ".*", write: ".*", read: ".*")
            try await eventually(within: .seconds(90), "all are published") {
                Set(worker.handled().map(\.id)).count == 6
            }
            #expect(try await store.status().parked == 0)
            try await server.program.stop()
            try await worker.program.stop()
            try await node.deleteUser(user)
        }

        // MARK: Support

        /// An installation that publishes as its own broker user.
        private static func installation(on node: PrivateBroker) async throws -> Installation {
            let user = "u\(Int.random(in: 0...999_999_999))"
            try await node.addUser(user, password: "secret")
            try await node.setPermissions(of: user, configure: ".*", write: ".*", read: ".*")
            return try await Installation(broker: node.url.replacing("guest:guest", with: "\(user):secret"))
        }

        private static func userAndExchange(of installation: Installation) throws -> (String, String) {
            let broker = try installation.broker
            return (try #require(broker.urls.first).user, broker.exchange)
        }

        private static func store(of installation: Installation) throws -> SQLiteStore {
            try SQLiteStore(
                path: installation.folder.path("auth.sqlite"),
                keys: KeyRing(secret: String(repeating: "k", count: 32)),
                codec: SignalCodec(source: "http://accounts.test"))
        }

        /// Emits signals with the given names and text sizes, each with its own subject.
        private static func emit(
            _ names: [String], into store: SQLiteStore, size: (Int) -> Int = { _ in 10 }
        ) async throws {
            let drafts = try names.enumerated().map { index, name in
                let id = UUID.version7()
                let text = String(repeating: "x", count: size(index))
                let data = #"{"request":{"client":"library","id":"\#(id.wireText)"},"text":"\#(text)"}"#
                return SignalDraft(
                    id: id, name: try SignalName(validating: name), subject: UUID.version7().wireText,
                    time: Date(), correlationID: id, data: Data(data.utf8))
            }
            try await store.transaction { (transaction: SQLiteTransaction) in
                for draft in drafts { try transaction.emit(draft) }
            }
        }
    }
}
