// SPDX-License-Identifier: Apache-2.0
import AuthTesting
import AuthSignals
import BrokerSupport
import Foundation
import ProgramSupport
import Testing

extension EndToEnd {
    @Suite("The trigger command")
    struct TriggerCommandTests {
        @Test func `publishes samples with new ids, which every bound queue receives`() async throws {
            let installation = try await Installation(broker: try await PrivateBroker.shared.url)
            let worker = try await installation.consume(queue: "sampled")
            let trigger = try await installation.operate([
                "trigger", "account.user_logged_in", "--set", "user.email=eve@example.org", "--set",
                "methods=[\"password\"]", "--set", "user.username=17", "--count", "3", "--json",
            ])
            let lines = try trigger.lines.map { try JSONDecoder().decode(Line.self, from: Data($0.utf8)) }
            #expect(lines.map(\.outcome) == ["confirmed", "confirmed", "confirmed"])
            #expect(lines.map(\.name).allSatisfy { $0 == "account.user_logged_in" })
            #expect(Set(lines.map(\.id)).count == 3)

            let handled = try await worker.handled(atLeast: 3)
            #expect(handled.map(\.id) == lines.map(\.id))
            let sequences = handled.compactMap(\.sequence)
            #expect(sequences.count == 3)
            #expect(sequences == sequences.sorted())
            var requests: Set<String> = []
            for signal in handled {
                #expect(signal.signal == "account.user_logged_in")
                #expect(signal.subject == signal.data["user"]?["id"]?.string)
                #expect(signal.data["user"]?["email"]?.string == "eve@example.org")
                // A number is accepted for a member that is a string.
                #expect(signal.data["user"]?["username"]?.string == "17")
                #expect(signal.data["methods"] == ["password"])
                #expect(signal.data["request"]?["profile"]?.string == "sample")
                requests.insert(try #require(signal.data["request"]?["id"]?.string))
            }
            #expect(requests.count == 3)
            try await worker.program.stop()
        }

        @Test func `publishes a sample of every signal of the catalogue`() async throws {
            let installation = try await Installation(broker: try await PrivateBroker.shared.url)
            let worker = try await installation.consume(queue: "every")
            let names = SignalCatalog.all.map { $0.name.rawValue }
            for name in names { try await installation.operate(["trigger", name]) }
            let handled = try await eventualValue("every sample is handled: \(worker.program.output)") {
                let all = worker.everyHandled()
                return all.count >= names.count ? all : nil
            }
            #expect(handled.map(\.signal).sorted() == names.sorted())
            #expect(handled.allSatisfy { $0.data["request"]?["profile"]?.string == "sample" })
            try await worker.program.stop()
        }

        @Test func `publishes to one queue only, if it is given`() async throws {
            let installation = try await Installation(broker: try await PrivateBroker.shared.url)
            let first = try await installation.consume(queue: "first")
            // Two workers with one inbox would handle each signal once between them.
            let second = try await installation.consume(
                queue: "second",
                settings: ["INBOX_URL": "sqlite:" + installation.folder.path("second.sqlite")])
            let direct = try await installation.operate([
                "trigger", "account.email_added", "--to", installation.name(of: "first"),
            ])
            #expect(direct.output.hasSuffix("  account.email_added  confirmed\n"))
            let directID = String(direct.output.prefix(36))
            let bound = try await installation.operate(["trigger", "account.email_added"])
            let boundID = String(bound.output.prefix(36))
            #expect(try await first.handled(atLeast: 2).map(\.id) == [directID, boundID])
            #expect(try await second.handled(atLeast: 1).map(\.id) == [boundID])

            let missing = try await installation.operate(
                ["trigger", "account.email_added", "--to", "missing"], code: 1)
            #expect(missing.log.contains("consumer missing does not exist"))
            try await first.program.stop()
            try await second.program.stop()
        }

        @Test func `omits personal members in the thin profile`() async throws {
            let installation = try await Installation(broker: try await PrivateBroker.shared.url)
            let worker = try await installation.consume(queue: "thin")
            try await installation.operate(
                ["trigger", "account.email_added"], settings: ["SIGNALS_PAYLOAD": "thin"])
            let signal = try #require(try await worker.handled(atLeast: 1).first)
            #expect(signal.data["request"]?["profile"]?.string == "sample")
            #expect(signal.data["user"]?["email"] == nil)
            #expect(signal.data["user"]?["id"] != nil)
            try await worker.program.stop()
        }

        @Test func `fails if no queue is bound for the signal`() async throws {
            let installation = try await Installation(broker: try await PrivateBroker.shared.url)
            let trigger = try await installation.operate(["trigger", "account.email_added"], code: 1)
            #expect(trigger.output.contains("  account.email_added  unrouted  not routed to a queue (312"))
            #expect(trigger.log.contains("1 of 1 samples were not stored in a queue"))
        }

        @Test func `refuses a source that is not a development installation, unless it is forced`()
            async throws
        {
            let installation = try await Installation(
                broker: "amqp://127.0.0.1:1", settings: ["SIGNALS_SOURCE": "https://accounts.examples.org"])
            let refused = try await installation.operate(["trigger", "account.email_added"], code: 2)
            #expect(refused.log.contains("https://accounts.examples.org"))
            #expect(refused.log.contains("--force"))
            // Without a source the broker's address decides.
            let remote = try await installation.operate(
                ["trigger", "account.email_added"],
                settings: ["SIGNALS_SOURCE": "", "BROKER_URL": "amqp://192.0.2.1"], code: 2)
            #expect(remote.log.contains("SIGNALS_SOURCE is not set"), "\(remote.log)")
            try await installation.operate(
                ["trigger", "account.email_added"], settings: ["SIGNALS_SOURCE": ""], code: 75)
            // The forced one fails only because no broker listens.
            try await installation.operate(["trigger", "account.email_added", "--force"], code: 75)
        }

        @Test(arguments: [
            (["account.user_logged_inn"], "no signal 'account.user_logged_inn' exists"),
            (
                ["account.email_added", "--set", "user.emial=x"],
                "data.user has no member 'emial'; its members: date_joined, email, id, is_active, last_login, username"
            ),
            (["account.email_added", "--set", "user.email.domain=x"], "data.user.email has no members"),
            (["account.user_logged_in", "--set", "methods.9=password"], "data.methods has no element '9'"),
            (
                ["account.user_logged_in", "--set", "session.expires_at=tomorrow"],
                "does not accept this value"
            ),
            (["account.user_logged_in", "--set", "user.id=null"], "does not accept this value"),
            (["account.user_logged_in", "--set", "request.profile=thin"], "is always 'sample'"),
            (["account.user_logged_in", "--set", "user.email"], "must be MEMBER=VALUE"),
            (["account.user_logged_in", "--set", "user..email=x"], "is not a member"),
            (["account.user_logged_in", "--count", "0"], "--count must be 1 to 1000000"),
        ])
        func `reports what is wrong with the command line`(_ arguments: [String], _ text: String) async throws
        {
            let installation = try await Installation(broker: "amqp://127.0.0.1:1")
            let trigger = try await installation.operate(["trigger"] + arguments, code: 2)
            #expect(trigger.log.contains(text), "\(trigger.log)")
        }

        private struct Line: Decodable {
            var id: String
            var name: String
            var outcome: String
        }
    }
}
