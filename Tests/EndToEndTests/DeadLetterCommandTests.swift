// SPDX-License-Identifier: Apache-2.0
import AuthTesting
import AuthSignals
import BrokerSupport
import Foundation
import ProgramSupport
import Testing

@testable import AuthBroker
@testable import AuthBrokerTools

extension EndToEnd {
    @Suite("The dead-letter commands")
    struct DeadLetterCommandTests {
        @Test func `lists and shows dead letters without personal data, requeues and drops them`()
            async throws
        {
            let installation = try await Installation(broker: try await PrivateBroker.shared.url)
            let queue = installation.name(of: "dead")
            try await installation.worker(of: "dead") { worker in
                // JSON, but not an event: the message is dead-lettered, and its body can be redacted.
                for number in 1...3 {
                    let body = #"{"number":\#(number),"user":{"email":"ada@example.org"}}"#
                    #expect(
                        try await installation.publish(body, routingKey: "account.user_logged_in")
                            == .confirmed)
                }
                try await eventually("all three are dead-lettered") {
                    try await installation.deadLetters(of: "dead") == 3
                }
            }
            let list = try await installation.operate(["dead", "list", queue, "--json"])
            let lines = try list.lines.map { try JSONDecoder().decode(JSONValue.self, from: Data($0.utf8)) }
            #expect(lines.count == 3)
            #expect(lines.allSatisfy { $0["reason"]?.string == "malformed" })
            #expect(lines.allSatisfy { $0["name"]?.string == "account.user_logged_in" })
            let ids = lines.compactMap { $0["id"]?.string }

            let shown = try await installation.operate(["dead", "show", queue, ids[0]])
            // Messages without a subject are handled concurrently, so any of them can be the first dead letter.
            #expect(shown.output.contains(/"number" : [123]\b/))
            #expect(!shown.output.contains("ada@example.org"))
            let full = try await installation.operate(["dead", "show", queue, ids[0], "--full"])
            #expect(full.output.contains("ada@example.org"))
            let none = try await installation.operate(["dead", "show", queue, "missing"], code: 1)
            #expect(none.log == "auth-signals: no dead letter has that id\n")

            let older = try await installation.operate(["dead", "list", queue, "--before", "1h"])
            #expect(older.lines.isEmpty)
            let named = try await installation.operate(["dead", "list", queue, "--name", "account.user_*"])
            #expect(named.lines.count == 3)

            let typo = try await installation.operate(["dead", "list", queue, "--handler", "lgo"])
            #expect(typo.lines.isEmpty)
            #expect(typo.log == "no dead letter has the handler 'lgo'; none has a handler\n")

            _ = try await installation.operate(["dead", "requeue", queue], code: 2)
            let requeued = try await installation.operate(["dead", "requeue", queue, "--id", ids[1]])
            #expect(requeued.output == "1 dead letters requeued, 2 remain\n")
            // The broker says 0 while the queue's leader does not answer in time.
            try await eventually("it is in the queue again") {
                try await BrokerAdmin(installation.broker).messageCount(in: queue) == 1
            }
            let dropped = try await installation.operate(["dead", "drop", queue, "--all"])
            #expect(dropped.output == "2 dead letters deleted, 0 remain\n")
            #expect(try await installation.deadLetters(of: "dead") == 0)
        }

        @Test func `the list shows what is wrong with a malformed body`() async throws {
            let installation = try await Installation(broker: try await PrivateBroker.shared.url)
            let event =
                #"{"specversion":"1.0","id":"0199f0c2-0000-7000-8000-0000000000bb","source":"urn:s","#
                + #""type":"account.a","time":"2026-11-23T08:00:00Z","data":{"text":"x"}}"#
            let bodies = [
                (event.replacing(#""x"}"#, with: #""x",}"#), "comma before a closing bracket at byte"),
                (
                    event.replacing(#""data""#, with: #""id":"2","data""#),
                    "member's name twice in one object at byte"
                ),
                (event.replacing(#""x""#, with: #""\ud800""#), "half of a surrogate pair at byte"),
                (event.replacing(#""data""#, with: #""subject":"","data""#), "subject is empty"),
                ("nonsense", "unexpected byte at byte 1"),
            ]
            try await installation.worker(of: "wrong") { _ in
                for (body, _) in bodies {
                    #expect(try await installation.publish(body, routingKey: "account.a") == .confirmed)
                }
                try await eventually("they are dead-lettered") {
                    try await installation.deadLetters(of: "wrong") == bodies.count
                }
            }
            let list = try await installation.operate(["dead", "list", installation.name(of: "wrong")])
            #expect(list.lines.count == bodies.count)
            // Messages are handled concurrently, so their order can differ from that of the bodies.
            for (_, reason) in bodies {
                let text = "malformed: the body is not a CloudEvents 1.0 event in JSON: \(reason)"
                #expect(list.lines.count { $0.contains(text) } == 1, "\(reason)")
            }
            #expect(!list.output.contains("malformed: malformed"))
        }

        @Test func `erases the dead letters of one subject and keeps the others`() async throws {
            let installation = try await Installation(broker: try await PrivateBroker.shared.url)
            let queue = installation.name(of: "erase")
            try await installation.worker(of: "erase") { worker in
                for subject in ["ada", "bob", "ada"] {
                    #expect(
                        try await installation.publish("{}", routingKey: "account.a", subject: subject)
                            == .confirmed)
                }
                try await eventually("all three are dead-lettered") {
                    try await installation.deadLetters(of: "erase") == 3
                }
            }
            let erased = try await installation.operate(["dead", "erase", queue, "--subject", "ada"])
            #expect(erased.output == "\(queue): 2 dead letters deleted, 1 remain\n")
            let left = try await installation.operate(["dead", "list", queue, "--json"])
            #expect(left.lines.count == 1)
            #expect(left.output.contains(#""subject":"bob""#))
        }

        @Test func `lists the oldest first, whatever their order in the queue`() async throws {
            let installation = try await Installation(broker: try await PrivateBroker.shared.url)
            let queue = installation.name(of: "order")
            try await installation.operate(["topology", "declare", "--queue", queue])
            let start = Date(timeIntervalSince1970: 1_700_000_000)
            let numbers = Array(0..<700).shuffled()
            try await BrokerAdmin(installation.broker).perform { channel throws(BrokerError) in
                for number in numbers {
                    var headers: [String: SignalMessage.HeaderValue] = [
                        "auth-reason": .string("attempts-exhausted")
                    ]
                    headers["auth-failed-at"] = .string((start + Double(number) / 1000).wireText)
                    let letter = SignalMessage(
                        routingKey: "dead", messageID: "letter-\(number)", type: "account.user_logged_in",
                        headers: headers, body: Data("{}".utf8))
                    while try channel.publish(letter, exchange: "\(queue).x", routingKey: "dead") == .notNow {
                        try channel.step(waitingFor: .milliseconds(20), wantsToWrite: true, EventDiscarder())
                    }
                }
                // Closing the connection immediately would lose the messages that are not sent yet.
                try channel.awaitCount(of: numbers.count, in: queue + ".dead")
            }
            try await eventually("all dead letters are in the queue") {
                try await BrokerAdmin(installation.broker).messageCount(in: queue + ".dead") == 700
            }
            for limit in [0, 10, 1, 699, .max, 10, 0] {
                let list = try await installation.operate(["dead", "list", queue, "--limit", "\(limit)"])
                let ids = list.lines.compactMap {
                    $0.split(separator: " ").dropFirst().first.map(String.init)
                }
                #expect(
                    ids == (0..<(limit == 0 ? 700 : min(limit, 700))).map { "letter-\($0)" }, "limit \(limit)"
                )
                #expect(list.log.contains("there are more") == (1..<700).contains(limit), "limit \(limit)")
            }
            let json = try await installation.operate(
                ["dead", "list", queue, "--limit", "3", "--json", "--since", "2023-11-14T22:13:20.500Z"])
            let ids = try json.lines.map {
                try JSONDecoder().decode(JSONValue.self, from: Data($0.utf8))["id"]?.string
            }
            #expect(ids == ["letter-500", "letter-501", "letter-502"])
            try await installation.operate(["dead", "list", queue, "--limit", "-1"], code: 2)
        }

        @Test func `escapes control characters that other publishers wrote`() async throws {
            let installation = try await Installation(broker: try await PrivateBroker.shared.url)
            let queue = installation.name(of: "hostile")
            let hostile = "x\u{1B}]0;title\u{7}\r\n2026 forged\u{9B}2J\u{202E}\u{2028}y"
            try await installation.worker(of: "hostile") { _ in
                #expect(
                    try await installation.publish(
                        "{}", routingKey: "account.a", id: hostile, subject: hostile) == .confirmed)
                try await eventually("it is dead-lettered") {
                    try await installation.deadLetters(of: "hostile") == 1
                }
            }
            let commands = [
                ["dead", "list", queue], ["dead", "list", queue, "--json"], ["dead", "show", queue, hostile],
                ["dead", "show", queue, hostile, "--full"],
            ]
            for command in commands {
                let output = try await installation.operate(command).output
                #expect(
                    output.contains(#"]0;title\u0007\u000D\u000A2026 forged\u009B2J\u202E\u2028y"#)
                        || output.contains(#"\r\n2026 forged\u009B2J\u202E\u2028y"#), "\(output)")
                #expect(output.unicodeScalars.allSatisfy { $0 == "\n" || !$0.isObeyedByTerminals })
            }
        }

        @Test(arguments: ["table", "json"])
        func `a worker prints each signal on one line, whatever its content`(format: String) async throws {
            let installation = try await Installation(broker: try await PrivateBroker.shared.url)
            let worker = try await installation.consume(queue: "rows", ["--format", format])
            let id = "0199f0c2-0000-7000-8000-000000000001"
            let subject = #"x\u001b[2J\r\n13:00:00.000  forged\u009b\u202e\u2028y"#
            let body = """
                {"specversion":"1.0","id":"\(id)","source":"http://accounts.test","type":"account.user_logged_out",\
                "subject":"\(subject)","time":"2026-11-23T08:00:00.123Z","datacontenttype":"application/json",\
                "data":{"request":{"id":"\(id)","client":"library","profile":"standard"}}}
                """
            #expect(
                try await installation.publish(body, routingKey: "account.user_logged_out", id: id)
                    == .confirmed)
            let output = try await eventualValue("it is handled: \(worker.program.log)") {
                worker.program.output.contains("user_logged_out") ? worker.program.output : nil
            }
            #expect(output.contains(#"forged\u009B\u202E\u2028y"#))
            #expect(output.unicodeScalars.allSatisfy { $0 == "\n" || !$0.isObeyedByTerminals })
            // The table has a header.
            #expect(output.split(separator: "\n").count == (format == "table" ? 2 : 1))
            try await worker.program.stop()
        }

        @Test func `finds a policy for a single queue through the management API`() async throws {
            let broker = try await PrivateBroker.managed
            try await broker.withVirtualHost { virtualHost, url in
                let installation = try await Installation(
                    broker: url, settings: ["BROKER_MANAGEMENT_URL": broker.managementURL])
                let queue = installation.name(of: "limited")
                try await installation.operate(["topology", "declare", "--queue", queue])
                try await installation.operate(["dead", "list", queue])
                try await broker.setPolicy(
                    "exact", "^\(queue)\\.dead$", #"{"delivery-limit":3}"#, in: virtualHost)
                try await eventually(within: .seconds(30), "the policy is reported") {
                    let program = try Program(
                        "auth-signals", ["dead", "list", queue], environment: installation.environment)
                    guard try await program.exitCode() == 1 else { return false }
                    return program.log.contains(
                        "the policy exact sets the delivery-limit 3 on \(queue).dead")
                }
            }
        }

        @Test func `exits with 1 for a missing queue and with 75 for an unreachable broker`() async throws {
            let installation = try await Installation(broker: try await PrivateBroker.shared.url)
            let missing = try await installation.operate(["dead", "list", "nowhere"], code: 1)
            #expect(missing.log.contains("nowhere.dead"))
            #expect(missing.log.split(separator: "\n").count == 1)
            let absent = try await Installation(broker: "amqp://guest:hush@127.0.0.1:1")
            let unreachable = try await absent.operate(["dead", "list", "nowhere"], code: 75)
            #expect(unreachable.log.split(separator: "\n").count == 1)
            #expect(!unreachable.log.contains("hush"))
        }
    }
}

extension Unicode.Scalar {
    /// Whether a terminal interprets the character instead of showing it.
    var isObeyedByTerminals: Bool {
        properties.generalCategory == .control || properties.isBidiControl
            || [.lineSeparator, .paragraphSeparator].contains(properties.generalCategory)
    }
}
