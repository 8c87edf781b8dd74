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
    @Suite("The commands for users")
    struct UserCommandTests {
        private static let secret = String(repeating: "k", count: 32)

        /// An installation without a broker, with its store.
        private func offline() async throws -> (Installation, any OperatedStore, Accounts) {
            let installation = try await Installation(
                broker: "amqp://127.0.0.1:1", settings: ["SECRET_KEY": Self.secret])
            let keys = KeyRing(secret: Self.secret)
            let store = try await installation.openStore(secret: Self.secret)
            return (installation, store, Accounts(store: store, keys: keys))
        }

        private func imported(_ name: String, isVerified: Bool = true) -> ImportedUser {
            ImportedUser(
                username: name, email: "\(name)@example.org", isEmailVerified: isVerified,
                dateJoined: Date(timeIntervalSince1970: 1_700_000_000))
        }

        private func session(of user: User) -> Session {
            let now = Date().wholeMilliseconds
            return Session(
                id: .version7(), tokenHash: SessionToken.random().hash, userID: user.id, client: .app,
                createdAt: now, expiresAt: now + 3600, lastSeenAt: now, ip: "192.0.2.7", userAgent: "test/1")
        }

        private func json(_ text: String) throws -> JSONValue {
            try JSONDecoder().decode(JSONValue.self, from: Data(text.utf8))
        }

        /// The names of the pending signals, in order.
        private func pending(_ store: any OperatedStore) async throws -> [String] {
            try await store.outboxRecords(OutboxFilter([.pending]), after: 0, limit: 1000)
                .map(\.row.draft.name.rawValue)
        }

        @Test func `lists users page by page, without personal data`() async throws {
            let (installation, _, accounts) = try await offline()
            var users: [User] = []
            for name in ["ada", "bob", "eve"] { users.append(try await accounts.users.add(imported(name))) }
            users.sort { $0.subject < $1.subject }
            try await accounts.users.deactivate(users[1].id)

            let list = try await installation.operate(["users", "list", "--json"])
            let lines = try list.lines.map(json)
            #expect(lines.map { $0["id"]?.string } == users.map(\.subject))
            #expect(lines.map { $0["is_active"]?.bool } == [true, false, true])
            #expect(lines.allSatisfy { $0["email"]?.string == "…" && $0["username"]?.string == "…" })
            #expect(lines.allSatisfy { $0["has_password"]?.bool == false })
            let text = try await installation.operate(["users", "list"])
            #expect(text.lines.count == 3)
            #expect(!text.output.contains("example.org"))

            let first = try await installation.operate(["users", "list", "--limit", "1", "--full"])
            #expect(first.lines.count == 1)
            #expect(first.output.hasPrefix(users[0].subject))
            #expect(first.output.contains("@example.org"))
            #expect(first.log.contains("continue with --after \(users[0].subject)"))
            #expect(text.log.isEmpty)
            let rest = try await installation.operate(["users", "list", "--after", users[0].subject])
            #expect(rest.lines.map { String($0.prefix(36)) } == users.dropFirst().map(\.subject))
            #expect(try await installation.operate(["users", "list", "--since", "1d"]).lines.isEmpty)
        }

        @Test func `shows a user that is given by id, address or username`() async throws {
            let (installation, store, accounts) = try await offline()
            let ada = try await accounts.users.add(imported("ada"))
            let session = session(of: ada)
            try await store.transaction { transaction in
                try transaction.insert(session)
            }
            let shown = try await installation.operate(["users", "show", ada.subject, "--json"])
            let account = try json(shown.output)
            #expect(account["user"]?["id"]?.string == ada.subject)
            #expect(account["language"]?.string == nil)
            #expect(!shown.output.contains("ada@"))
            #expect(!shown.output.contains("192.0.2.7"))
            #expect(shown.output.contains(session.id.wireText))
            for selection in [
                [ada.subject.uppercased()], ["--email", "ADA@example.org"], ["--username", "Ada"],
            ] {
                let full = try await installation.operate(["users", "show", "--full"] + selection)
                #expect(full.output.contains(ada.subject))
                #expect(full.output.contains("ada@example.org"))
                #expect(full.output.contains("192.0.2.7"))
            }
            try await store.transaction { transaction in
                var user = ada
                user.language = .german
                try transaction.update(user)
            }
            let german = try await installation.operate(["users", "show", ada.subject, "--json"])
            #expect(try json(german.output)["language"]?.string == "de")
            let unknown = try await installation.operate(["users", "show", "--username", "eve"], code: 1)
            #expect(unknown.log.contains("no user has that username"))
            for selection in [[], [ada.subject, "--username", "ada"], ["ada"]] {
                try await installation.operate(["users", "show"] + selection, code: 2)
            }
        }

        @Test func `an address that several users have added is ambiguous until one has verified it`()
            async throws
        {
            let (installation, _, accounts) = try await offline()
            var first = imported("ada", isVerified: false)
            first.email = "shared@example.org"
            var second = first
            second.username = "eve"
            let ada = try await accounts.users.add(first)
            let eve = try await accounts.users.add(second)
            let show = ["users", "show", "--email", "shared@example.org"]
            let ambiguous = try await installation.operate(show, code: 1)
            #expect(ambiguous.log.contains("several users"))
            #expect(ambiguous.log.contains(ada.subject))
            #expect(ambiguous.log.contains(eve.subject))
            try await accounts.users.confirmEmail("shared@example.org", of: eve.id)
            #expect(try await installation.operate(show).output.contains(eve.subject))
        }

        @Test func `deactivates and activates a user, each time with one signal`() async throws {
            let (installation, store, accounts) = try await offline()
            let ada = try await accounts.users.add(imported("ada"))
            let session = session(of: ada)
            try await store.transaction { transaction in
                try transaction.insert(session)
            }
            let off = try await installation.operate(["users", "deactivate", ada.subject])
            #expect(off.output == "\(ada.subject): is inactive now\n")
            #expect(try await accounts.users.user(id: ada.id)?.isActive == false)
            let signals = try await pending(store)
            #expect(Set(signals) == ["account.user_deactivated", "usersessions.session_ended"])
            #expect(signals.count == 2)
            let again = try await installation.operate(["users", "deactivate", ada.subject, "--json"])
            #expect(try json(again.output)["changed"]?.bool == false)
            #expect(try await pending(store).count == 2)
            let on = try await installation.operate(["users", "activate", "--username", "ada", "--json"])
            #expect(try json(on.output)["is_active"]?.bool == true)
            #expect(try json(on.output)["changed"]?.bool == true)
            #expect(try await pending(store).last == "account.user_activated")
        }

        @Test func `ends the sessions of a user`() async throws {
            let (installation, store, accounts) = try await offline()
            let ada = try await accounts.users.add(imported("ada"))
            let sessions = [session(of: ada), session(of: ada)]
            try await store.transaction { transaction in
                for session in sessions { try transaction.insert(session) }
            }
            let ended = try await installation.operate(["users", "end-sessions", ada.subject])
            #expect(ended.output == "\(ada.subject): 2 sessions ended\n")
            #expect(
                try await pending(store) == ["usersessions.session_ended", "usersessions.session_ended"])
            let none = try await installation.operate(["users", "end-sessions", ada.subject, "--json"])
            #expect(try json(none.output)["ended_sessions"] == 0)
        }

        @Test func `confirms an address once`() async throws {
            let (installation, store, accounts) = try await offline()
            let ada = try await accounts.users.add(imported("ada", isVerified: false))
            let confirm = ["users", "confirm-email", "--email", "ada@example.org"]
            let first = try await installation.operate(confirm)
            #expect(first.output == "\(ada.subject): address confirmed\n")
            #expect(try await accounts.users.emailAddresses(of: ada.id).map(\.verified) == [true])
            #expect(try await pending(store) == ["account.email_confirmed"])
            let second = try await installation.operate(confirm + ["--json"])
            #expect(try json(second.output)["changed"]?.bool == false)
            let other = try await installation.operate(
                ["users", "confirm-email", ada.subject, "--address", "eve@example.org"], code: 1)
            #expect(other.log.contains("does not have that address"))
            #expect(try await pending(store).count == 1)
        }

        @Test func `deletes an account and erases its signals after they are published`() async throws {
            let installation = try await Installation(broker: try await PrivateBroker.shared.url)
            let worker = try await installation.consume(queue: "deleted")
            let server = try await installation.serve(["--no-mail"])
            #expect(try await server.call("POST", "/auth/signup", Installation.ada).status == 200)
            let address = try #require(Installation.ada["email"])
            let deleted = try await installation.operate([
                "users", "delete", "--email", address, "--erase", "--wait", "30", "--json",
            ])
            let result = try json(deleted.output)
            #expect(result["deleted"]?.bool == true)
            #expect(result["erased"]?["pending"] == 0)
            let subject = try #require(result["id"]?.string)
            _ = try await eventualValue("the worker handles the deletion") {
                worker.handled().first { $0.signal == "account.user_deleted" && $0.subject == subject }
            }
            let states = ["pending", "confirmed", "unrouted", "parked"].flatMap { ["--state", $0] }
            #expect(try await installation.operate(["outbox", "list"] + states).lines.isEmpty)
            try await installation.operate(["users", "show", subject], code: 1)
            try await installation.operate(["outbox", "verify"])
            // The address is free again.
            #expect(try await server.call("POST", "/auth/signup", Installation.ada).status == 200)
            try await server.program.stop()
            try await worker.program.stop()
        }

        @Test func `deletes no user while a queued mail cannot be decrypted`()
            async throws
        {
            let (installation, store, accounts) = try await offline()
            let ada = try await accounts.users.add(imported("ada"))
            try await store.transaction { transaction in
                try transaction.queue(MailDraft(.loginCode, to: "ada@example.org", values: ["code": "1"]))
            }
            let refused = try await installation.operate(
                ["users", "delete", ada.subject],
                settings: ["SECRET_KEY": String(repeating: "another-key-", count: 6)], code: 1)
            #expect(refused.log.contains("1 queued mails cannot be decrypted"), "\(refused.log)")
            #expect(refused.log.contains("nothing was deleted"))
            #expect(try await accounts.users.user(id: ada.id) != nil)
        }

        @Test func `keeps the signal of a deletion that is not published in time`() async throws {
            let (installation, store, accounts) = try await offline()
            let ada = try await accounts.users.add(imported("ada"))
            let delete = ["users", "delete", ada.subject, "--erase", "--wait", "0"]
            let deleted = try await installation.operate(delete, code: 1)
            #expect(deleted.output == "\(ada.subject): account deleted\n")
            #expect(deleted.log.contains("outbox erase --subject \(ada.subject)"))
            #expect(try await accounts.users.user(id: ada.id) == nil)
            #expect(try await pending(store) == ["account.user_deleted"])
            let gone = try await installation.operate(delete, code: 1)
            #expect(gone.log.contains("no user has that id"))
        }
    }
}
