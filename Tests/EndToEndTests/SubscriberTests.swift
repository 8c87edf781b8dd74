// SPDX-License-Identifier: Apache-2.0
import AuthBroker
import AuthSignals
import AuthTesting
import BrokerSupport
import Foundation
import ProgramSupport
import Testing
import ToolSupport

extension EndToEnd {
    @Suite("The subscriber in Python")
    struct SubscriberTests {
        @Test func `handles the signals of a sign-up and retries the one whose handler failed`() async throws
        {
            let installation = try await Installation(broker: try await PrivateBroker.shared.url)
            let subscriber = try await Subscriber(
                of: installation, queue: "python", ["FAIL_FIRST": "account.user_signed_up"])
            let server = try await installation.serve()
            #expect(try await server.call("POST", "/auth/signup", Installation.ada).status == 200)
            let expected: Set = [
                "account.user_signed_up 2", "account.user_logged_in 1", "account.email_confirmation_sent 1",
            ]
            try await subscriber.wait("the signals are handled") {
                expected.isSubset(of: subscriber.handled.map { "\($0.name) \($0.attempt)" })
            }
            #expect(subscriber.program.lines.count { $0.hasPrefix("republished 1s ") } == 1)
            try await subscriber.stop()
            try await server.program.stop()
            #expect(try await installation.deadLetters(of: "python") == 0)
        }

        @Test func `reads the example of every signal with the CloudEvents SDK and its schema`() async throws
        {
            let installation = try await Installation(broker: try await PrivateBroker.shared.url)
            let subscriber = try await Subscriber(of: installation, queue: "python")
            let names = try FileManager.default.contentsOfDirectory(
                atPath: Repository.root.appending(path: "docs/contract/examples").path)
            var sent: Set<String> = []
            for name in names.filter({ $0.hasSuffix(".json") }) {
                let example = try Example(name)
                #expect(
                    try await installation.publish(
                        example.body, routingKey: "account.example", id: example.id) == .confirmed)
                sent.insert(example.id)
            }
            #expect(!sent.isEmpty)
            try await subscriber.wait("every example is handled") {
                sent.isSubset(of: subscriber.handled.map(\.id))
            }
            try await subscriber.stop()
        }

        @Test func `drops a duplicate and dead-letters a body that is not an event or breaks its schema`()
            async throws
        {
            let installation = try await Installation(broker: try await PrivateBroker.shared.url)
            let subscriber = try await Subscriber(of: installation, queue: "python")
            let example = try Example("account.user_logged_in.json")
            let incomplete = UUID().uuidString.lowercased()
            let bodies = [
                (example.id, example.body), (example.id, example.body),
                ("broken", #"{"specversion":"1.0","#),
                (
                    incomplete,
                    """
                    {"specversion":"1.0","id":"\(incomplete)","source":"http://accounts.test",
                     "type":"account.user_logged_in","time":"2026-11-23T08:00:00.123Z","data":{}}
                    """
                ),
            ]
            for (id, body) in bodies {
                #expect(
                    try await installation.publish(body, routingKey: "account.user_logged_in", id: id)
                        == .confirmed)
            }
            try await subscriber.wait("the last message is republished") {
                subscriber.program.lines.contains("republished dead \(incomplete)")
            }
            #expect(subscriber.handled.map(\.id) == [example.id])
            #expect(subscriber.program.lines.contains("duplicate \(example.id)"))
            try await subscriber.stop()
            let list = try await installation.operate([
                "dead", "list", installation.name(of: "python"), "--json",
            ])
            let letters = try list.lines.map { try JSONDecoder().decode(JSONValue.self, from: Data($0.utf8)) }
            #expect(Set(letters.compactMap { $0["id"]?.string }) == ["broken", incomplete])
            #expect(letters.allSatisfy { $0["reason"]?.string == "malformed" })
        }
    }
}

/// A message of `docs/contract/examples`, with an id of its own.
private struct Example {
    let id = UUID().uuidString.lowercased()
    let body: String

    init(_ name: String) throws {
        let file = Repository.root.appending(path: "docs/contract/examples/" + name)
        let text = try String(contentsOf: file, encoding: .utf8)
        let event = try JSONDecoder().decode(JSONValue.self, from: Data(text.utf8))
        body = text.replacingOccurrences(of: try #require(event["id"]?.string), with: id)
    }
}

/// A running `Examples/subscribers/python/subscriber.py`.
private struct Subscriber {
    let program: Program

    /// Starts it and waits until it consumes.
    ///
    /// - Parameter settings: settings besides those of the installation.
    init(of installation: Installation, queue: String, _ settings: [String: String] = [:]) async throws {
        try await BrokerAdmin(installation.broker).declareExchange()
        let environment = [
            "BROKER_URL": installation.environment["BROKER_URL"] ?? "",
            "BROKER_EXCHANGE": installation.environment["BROKER_EXCHANGE"] ?? "",
            "QUEUE": installation.name(of: queue), "DONE_FILE": installation.folder.path("done"),
            "SCHEMAS": Repository.root.appending(path: "docs/contract/schemas").path,
        ].merging(settings) { $1 }
        program = try Program(
            TestTools.python(),
            ["-B", Repository.root.appending(path: "Examples/subscribers/python/subscriber.py").path],
            environment: environment)
        let program = program
        try await wait("it consumes") { program.lines.contains("ready") }
    }

    /// The handled signals, in order.
    var handled: [(id: String, name: String, attempt: String)] {
        program.lines.map { $0.split(separator: " ").map(String.init) }
            .filter { $0.count == 4 && $0[0] == "handled" }
            .map { (id: $0[1], name: $0[2], attempt: $0[3]) }
    }

    func wait(_ what: String, _ condition: () -> Bool) async throws {
        try await eventually("\(what): \(program.output) \(program.log)") {
            try program.checkIsAlive()
            return condition()
        }
    }

    /// Stops it with SIGTERM, which it answers with exit code 0.
    func stop() async throws {
        program.send(SIGTERM)
        #expect(try await program.exitCode() == 0)
    }
}
