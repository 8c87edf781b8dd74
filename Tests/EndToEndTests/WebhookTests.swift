// SPDX-License-Identifier: Apache-2.0
import AuthTesting
import AuthBroker
import AuthSignals
import BrokerSupport
import Foundation
import ProgramSupport
import Testing
import ToolSupport

extension EndToEnd {
    @Suite("The webhook handler")
    struct WebhookTests {
        private static let secret = "whsec_" + Data((0..<32).map { UInt8($0) }).base64EncodedString()

        @Test
        func `posts a signed event and retries with the same id until the receiver accepts or rejects it`()
            async throws
        {
            let receiver = try await Receiver(["500", "503 retry-after 1", "302", "200", "410"])
            let installation = try await Installation(
                broker: try await PrivateBroker.shared.url,
                settings: [
                    "CONSUMER_WEBHOOK_URL": receiver.url, "CONSUMER_WEBHOOK_SECRET": Self.secret,
                    "CONSUMER_WEBHOOK_TIMEOUT": "5",
                ])
            let worker = try await installation.consume(queue: "hook")
            let id = UUID().uuidString.lowercased()
            #expect(try await installation.publish(event(id), routingKey: "account.a", id: id) == .confirmed)
            // The attempt after the third failure is due only after a minute. The test does not wait for it.
            let posts = try await eventualValue("three attempts") {
                receiver.posts.count >= 3 ? receiver.posts : nil
            }
            #expect(posts.allSatisfy { $0 == "\(id) application/cloudevents+json signed" }, "\(posts)")
            #expect(!worker.program.log.contains(Self.secret.dropFirst(6)))

            let taken = UUID().uuidString.lowercased()
            #expect(
                try await installation.publish(event(taken), routingKey: "account.a", id: taken) == .confirmed
            )
            try await eventually("the event is accepted") {
                try await Answer("GET", worker.base + "/metrics").text
                    .contains(#"auth_signals_handled_total{handler="webhook"} 1"#)
            }
            let gone = UUID().uuidString.lowercased()
            #expect(
                try await installation.publish(event(gone), routingKey: "account.a", id: gone) == .confirmed)
            try await eventually("the event is dead-lettered") {
                try await installation.deadLetters(of: "hook") == 1
            }
            let list = try await installation.operate(["dead", "list", installation.name(of: "hook")])
            #expect(list.output.contains(gone))
            #expect(list.output.contains("410"))
            try await worker.program.stop()
            try await receiver.program.stop(SIGKILL)
        }

        @Test func `a receiver that goes away opens the circuit, and no message becomes a dead letter`()
            async throws
        {
            // A port that nothing else takes while no receiver listens.
            let port = try TestTools.freePort()
            let first = try await Receiver([], port: port)
            let installation = try await Installation(
                broker: try await PrivateBroker.shared.url,
                settings: [
                    "CONSUMER_WEBHOOK_URL": first.url, "CONSUMER_WEBHOOK_SECRET": Self.secret,
                    "LOG_LEVEL": "notice",
                ])
            let worker = try await installation.consume(queue: "away")
            try await first.program.stop(SIGKILL)
            let ids = (0..<30).map { _ in UUID().uuidString.lowercased() }
            for id in ids {
                #expect(
                    try await installation.publish(event(id), routingKey: "account.a", id: id) == .confirmed)
            }
            try await eventually("the circuit is open: \(worker.program.log)") {
                try await Answer("GET", worker.base + "/readyz").text.contains("circuit.webhook")
            }
            // The messages wait on the rungs of 1 s, 10 s and 1 min; a probe every 10 s or more finds the receiver.
            let second = try await Receiver([], port: port)
            try await eventually(within: .seconds(150), "all are posted: \(worker.program.log)") {
                Set(second.posts.compactMap { $0.split(separator: " ").first.map(String.init) }) == Set(ids)
            }
            try await eventually("the circuit is closed") {
                try await !Answer("GET", worker.base + "/readyz").text.contains("circuit.webhook")
            }
            #expect(try await installation.deadLetters(of: "away") == 0)
            let log = worker.program.log.split(separator: "\n").filter { $0.contains("circuit") }
            #expect(log.count == 2, "\(worker.program.log)")
            try await worker.program.stop()
            try await second.program.stop(SIGKILL)
        }

        @Test
        func `logs why a receiver with an unknown CA, a stopped one and an unknown host fail`()
            async throws
        {
            let certificates = try await Certificates.make(for: "DNS:localhost")
            defer { certificates.remove() }
            let script = Repository.root.appending(path: "Tests/AuthHTTPTests/Fixtures/servers.py").path
            let receiver = try Program(
                URL(filePath: "/usr/bin/env"),
                [
                    "python3", script, "https", certificates.path("server.pem"),
                    certificates.path("server.key"),
                ],
                environment: [:])
            let port = try await eventualValue("the receiver listens") { receiver.lines.first }
            let broker = try await PrivateBroker.shared.url
            func consumed(
                _ url: String, _ settings: [String: String], until isEnough: (String, String) -> Bool
            )
                async throws
            {
                let installation = try await Installation(
                    broker: broker,
                    settings: [
                        "CONSUMER_WEBHOOK_URL": url, "CONSUMER_WEBHOOK_SECRET": Self.secret,
                        "LOG_LEVEL": "warning",
                    ].merging(settings) { $1 })
                let worker = try await installation.consume(queue: "hook")
                let id = UUID().uuidString.lowercased()
                #expect(
                    try await installation.publish(event(id), routingKey: "account.a", id: id) == .confirmed)
                try await eventually("\(url) \(settings) is logged or handled: \(worker.program.log)") {
                    isEnough(worker.program.log, try await Answer("GET", worker.base + "/metrics").text)
                }
                try await worker.program.stop()
            }
            try await consumed("https://localhost:\(port)/", [:]) { log, _ in log.contains("unknown CA") }
            try await consumed(
                "https://localhost:\(port)/", ["SSL_CERT_FILE": certificates.path("ca.pem")]
            ) { _, metrics in metrics.contains(#"auth_signals_handled_total{handler="webhook"} 1"#) }
            try await consumed("http://127.0.0.1:1/", [:]) { log, _ in log.contains("connection refused") }
            try await consumed("https://nowhere.invalid/", [:]) { log, _ in log.contains("unknown host") }
            try await consumed(
                "https://nowhere.invalid/", ["https_proxy": "http://127.0.0.1:1"]
            ) { log, _ in log.contains("the proxy of HTTPS_PROXY: connection refused") }
            try await receiver.stop(SIGKILL)
        }

        @Test(arguments: [
            ("CONSUMER_WEBHOOK_URL", "http://example.org/"), ("CONSUMER_WEBHOOK_URL", "https://u:hush@h/"),
            ("CONSUMER_WEBHOOK_SECRET", "hush"), ("CONSUMER_WEBHOOK_TIMEOUT", "0"),
            ("HTTPS_PROXY", "https://hush:3128"), ("SSL_CERT_FILE", "/proc/nowhere/hush.pem"),
        ])
        func `reports an invalid setting by name without its value`(name: String, value: String) async throws
        {
            let installation = try await Installation(
                broker: "amqp://127.0.0.1:1",
                settings: [
                    "CONSUMER_WEBHOOK_URL": "https://example.org/", "CONSUMER_WEBHOOK_SECRET": Self.secret,
                ].merging([name: value]) { $1 })
            let program = try Program(
                "auth-consumer", ["--queue", "q", "--bind", "#"], environment: installation.environment)
            #expect(try await program.exitCode() == 2)
            #expect(program.log.contains(name))
            #expect(!program.log.contains("hush"))
        }

        private func event(_ id: String) -> String {
            """
            {"specversion":"1.0","id":"\(id)","source":"http://accounts.test","type":"account.a",
             "time":"2026-11-23T08:00:00.123Z","datacontenttype":"application/json","data":{"request":{}}}
            """
        }
    }
}

/// An HTTP server that responds with the given statuses in turn and prints whether each signature is valid.
private struct Receiver {
    let program: Program
    let url: String

    var posts: [String] { program.lines.filter { !$0.hasPrefix("port") } }

    /// - Parameter port: the port to listen on; 0 for a free one.
    init(_ answers: [String], port: Int = 0) async throws {
        program = try Program(
            URL(filePath: "/usr/bin/env"), ["python3", "-u", "-c", Self.script, "\(port)"] + answers,
            environment: [:])
        let program = program
        let port = try await eventualValue("the receiver listens: \(program.log)") {
            program.lines.first { $0.hasPrefix("port ") }.map { String($0.dropFirst(5)) }
        }
        url = "http://127.0.0.1:\(port)/hook"
    }

    private static let script = """
        import base64, hashlib, hmac, http.server, sys, threading
        answers = sys.argv[2:]
        printing = threading.Lock()
        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers['content-length']))
                id, time = self.headers['webhook-id'], self.headers['webhook-timestamp']
                code = hmac.new(bytes(range(32)), f'{id}.{time}.'.encode() + body, hashlib.sha256).digest()
                right = self.headers['webhook-signature'] == 'v1,' + base64.b64encode(code).decode()
                with printing: # print alone writes words and line end separately, so lines of two threads could mix
                    print(id, self.headers['content-type'], 'signed' if right else 'forged', flush=True)
                words = (answers.pop(0) if answers else '200').split()
                self.send_response(int(words[0]))
                if len(words) == 3: self.send_header(words[1], words[2])
                if words[0] == '302': self.send_header('location', '/elsewhere')
                self.send_header('content-length', '0')
                self.end_headers()
            def log_message(self, *_): pass
        server = http.server.ThreadingHTTPServer(('127.0.0.1', int(sys.argv[1])), Handler)
        print('port', server.server_port, flush=True)
        server.serve_forever()
        """
}
