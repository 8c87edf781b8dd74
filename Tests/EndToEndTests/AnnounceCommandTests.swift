// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthTesting
import AuthSignals
import AuthStore
import BrokerSupport
import Foundation
import ProgramSupport
import Testing

extension EndToEnd {
    @Suite("The announcement of users")
    struct AnnounceCommandTests {
        private static let secret = String(repeating: "k", count: 32)

        /// An installation with users who joined a second apart.
        private func installation(users count: Int) async throws -> (Installation, [User]) {
            let installation = try await Installation(
                broker: try await PrivateBroker.shared.url, settings: ["SECRET_KEY": Self.secret])
            let store = try await installation.openStore(secret: Self.secret)
            let start = Date(timeIntervalSince1970: 1_700_000_000)
            let users = (0..<count).map { number in
                let time = start + Double(number)
                return User(id: .version7(at: time), username: "user\(number)", dateJoined: time)
            }
            try await store.transaction { transaction in
                for user in users {
                    try transaction.insert(user)
                    try transaction.insert(
                        EmailAddress(
                            id: .version7(), userID: user.id, email: "\(user.username ?? "")@example.org",
                            verified: true, primary: true))
                }
            }
            return (installation, users)
        }

        @Test func `announces every user to one queue, and again with the same ids`() async throws {
            let (installation, users) = try await installation(users: 520)
            let worker = try await installation.consume(queue: "new")
            let other = try await installation.consume(
                queue: "other",
                settings: ["INBOX_URL": "sqlite:" + installation.folder.path("other.sqlite")])
            let queue = installation.name(of: "new")
            let announce = ["users", "announce", "--to", queue]
            let first = try await installation.operate(announce)
            #expect(first.output == "520 users announced to \(queue)\n")
            let handled = try await worker.handled(atLeast: 520)
            #expect(Set(handled.compactMap(\.subject)) == Set(users.map(\.subject)))
            #expect(handled.allSatisfy { $0.signal == "account.user_snapshot" })
            let last = try #require(users.last)
            let snapshot = try #require(handled.first { $0.subject == last.subject })
            #expect(snapshot.data["user"]?["email"]?.string == "user519@example.org")
            let expected = UUID.version8(of: "account.user_snapshot", "http://accounts.test", last.subject)
            #expect(snapshot.id == expected.wireText)

            // The worker's inbox drops the second announcement.
            let second = try await installation.operate(announce + ["--json"])
            #expect(second.output == #"{"announced":520,"queue":"\#(queue)"}"# + "\n")
            try await installation.operate(["trigger", "account.email_added"])
            let marker = try await eventualValue("the worker handles the marker") {
                worker.handled().first { $0.signal == "account.email_added" }
            }
            #expect(worker.handled().count == 521)
            #expect(try await other.handled(atLeast: 1).map(\.id) == [marker.id])
            try await worker.program.stop()
            try await other.program.stop()
        }

        @Test func `skips a user whose signal is too large, and announces those behind`() async throws {
            let (installation, users) = try await installation(users: 3)
            let worker = try await installation.consume(queue: "skipped")
            let store = try await installation.openStore(secret: Self.secret)
            try await store.transaction { transaction in
                try transaction.insert(
                    EmailAddress(
                        id: .version7(), userID: users[1].id,
                        email: String(repeating: "a", count: 100_000) + "@example.org", verified: false,
                        primary: false))
            }
            let announced = try await installation.operate(
                ["users", "announce", "--to", installation.name(of: "skipped")], code: 1)
            #expect(announced.output.hasPrefix("2 users announced"), "\(announced.output)")
            #expect(announced.log.contains("\(users[1].subject) skipped: "), "\(announced.log)")
            #expect(announced.log.contains("1 users were skipped"))
            let handled = try await worker.handled(atLeast: 2)
            #expect(Set(handled.compactMap(\.subject)) == [users[0].subject, users[2].subject])
            try await worker.program.stop()
        }

        @Test func `announces a part of the users`() async throws {
            let (installation, users) = try await installation(users: 12)
            let worker = try await installation.consume(queue: "part")
            let announce = ["users", "announce", "--to", installation.name(of: "part")]
            let rest = try await installation.operate(announce + ["--after", users[8].subject])
            #expect(rest.output.hasPrefix("3 users announced"))
            let since = try await installation.operate(announce + ["--since", users[10].dateJoined.wireText])
            #expect(since.output.hasPrefix("2 users announced"))
            let none = try await installation.operate(announce + ["--since", "1h"])
            #expect(none.output.hasPrefix("0 users announced"))
            let handled = try await worker.handled(atLeast: 3)
            #expect(Set(handled.compactMap(\.subject)) == Set(users.suffix(3).map(\.subject)))
            try await worker.program.stop()
        }

        @Test func `an interrupted announcement reports where to continue`() async throws {
            let (installation, users) = try await installation(users: 200)
            let worker = try await installation.consume(queue: "slow")
            let announce = ["users", "announce", "--to", installation.name(of: "slow")]
            let slow = try Program(
                "auth-signals", announce + ["--rate", "4"], environment: installation.environment)
            let before = try await worker.handled(atLeast: 2)
            try await slow.stop(SIGINT)
            #expect(try await slow.exitCode() == 1)
            let continuation = try #require(slow.log.firstMatch(of: /interrupted.* --after ([0-9a-f-]{36})/))
            let last = String(continuation.1)
            let done = try #require(users.firstIndex { $0.subject == last }) + 1
            #expect(done >= before.count)
            #expect(done < users.count)
            let rest = try await installation.operate(announce + ["--after", last])
            #expect(rest.output.hasPrefix("\(users.count - done) users announced"))
            let handled = try await worker.handled(atLeast: users.count)
            #expect(Set(handled.compactMap(\.subject)) == Set(users.map(\.subject)))
            #expect(handled.count == users.count)
            try await worker.program.stop()
        }

        @Test func `reports a queue without a consumer`() async throws {
            let (installation, _) = try await installation(users: 1)
            let missing = try await installation.operate(["users", "announce", "--to", "missing"], code: 1)
            #expect(missing.log.contains("consumer missing does not exist"))
        }
    }
}
