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
    @Suite("Documentation examples")
    struct SnippetTests {
        @Test func `rows and signals of the application and of this package commit atomically`()
            async throws
        {
            let snippet = try Program("EmbedInYourApp", [], environment: [:])
            #expect(try await snippet.exitCode() == 0, "\(snippet.log)")
            #expect(
                snippet.output == """
                    customers 1, invoices 1, signals account.user_signed_up account.user_logged_in billing.invoice_paid

                    """)
        }

        @Test func `the log-in example runs and prints the user's address`() async throws {
            let snippet = try Program("LogAUserIn", [], environment: [:])
            #expect(try await snippet.exitCode() == 0, "\(snippet.log)")
            #expect(snippet.output == "welcome ada@example.org\n")
        }

        @Test func `the example of a handler test passes`() async throws {
            let snippet = try Program("TestYourHandlers", [], environment: [:])
            #expect(try await snippet.exitCode() == 0, "\(snippet.output)\(snippet.log)")
            #expect((snippet.output + snippet.log).contains("1 test in 0 suites passed"))
        }

        @Test func `the worker example handles the log-in of a user`() async throws {
            let installation = try await Installation(broker: try await PrivateBroker.shared.url)
            // Declared before the worker starts, so that no signal is unrouted.
            let queue = try ConsumerTopology(queue: "welcome", patterns: ["account.user_logged_in"])
            let admin = BrokerAdmin(try installation.broker)
            try await admin.declareExchange()
            try await admin.declare(queue)
            let worker = try Program("HandleSignals", [], environment: installation.environment)
            let server = try await installation.serve()
            #expect(try await server.call("POST", "/auth/signup", Installation.ada).status == 200)
            try await eventually("the handler has run: \(worker.log)") {
                try worker.checkIsAlive()
                return worker.log.contains("welcome back")
            }
            #expect(worker.log.contains("signal=account.user_logged_in"))
            worker.send(SIGTERM)
            #expect(try await worker.exitCode() == 0, "\(worker.log)")
            try await server.program.stop()
        }

        @Test(.enabled(if: TestStore.isSQLite, "the example has an SQLite database of its own"))
        func `the Hummingbird application serves the API and publishes its own signal`() async throws {
            let installation = try await Installation(
                broker: try await PrivateBroker.shared.url,
                settings: ["SECRET_KEY": String(repeating: "k", count: 32)])
            let worker = try await installation.consume(queue: "app")
            let app = try Program("HummingbirdApp", [], environment: installation.environment)
            let port = try await eventualValue("the application listens: \(app.log)") {
                try app.checkIsAlive()
                return app.log.firstMatch(of: /listening on 127\.0\.0\.1:(\d+)/).map { String($0.1) }
            }
            let base = "http://127.0.0.1:\(port)"
            let signUp = try await Answer("POST", base + "/_allauth/app/v1/auth/signup", Installation.ada)
            #expect(signUp.status == 200)
            #expect(try await Answer("POST", base + "/invoices/2026-1/pay").status == 401)
            #expect(
                try await Answer("POST", base + "/invoices/2026-1/pay", token: signUp.token).status == 201)
            let paid = try await eventualValue("the application's signal is handled: \(app.log)") {
                worker.handled().first { $0.signal == "billing.invoice_paid" }
            }
            #expect(paid.data["invoice"]?.string == "2026-1")
            #expect(paid.subject != nil && paid.subject == paid.data["payer"]?.string)
            try await eventually("the mail is sent: \(app.log)") { installation.mails().count == 1 }
            app.send(SIGTERM)
            #expect(try await app.exitCode() == 0, "\(app.log)")
            try await worker.program.stop()
        }

        @Test(arguments: [("README.md", 4), ("docs/worker.md", 1), ("docs/embedding.md", 2)])
        func `a page contains the examples verbatim`(page: String, atLeast count: Int) throws {
            let text = try String(contentsOf: Repository.root.appending(path: page), encoding: .utf8)
            for (name, code) in Self.examples(in: text) {
                let snippet = try String(
                    contentsOf: Repository.root.appending(path: "Snippets/\(name).swift"), encoding: .utf8)
                #expect(snippet.contains(code), "\(name) and \(page) differ")
            }
            #expect(Self.examples(in: text).count >= count)
        }

        /// Ignores examples with an ellipsis, which are sketches, and examples of tests, which need a test target.
        @Test func `the examples of doc comments are compiled as snippets`() throws {
            let root = Repository.root
            let snippets = try Self.files(in: root.appending(path: "Snippets"))
                .map { Self.lines(try String(contentsOf: $0, encoding: .utf8)) }
            var count = 0
            for file in try Self.files(in: root.appending(path: "Sources")) {
                let text = try String(contentsOf: file, encoding: .utf8)
                for match in text.matches(of: /\/\/\/ ```swift\n((?: *\/\/\/.*\n)*?) *\/\/\/ ```/) {
                    let code = match.1.replacing("\"…\"", with: "\"\"")
                    if code.contains("…") || code.contains("@Test") { continue }
                    let example = Self.lines(String(match.1).replacing("///", with: ""))
                    count += 1
                    #expect(
                        snippets.contains { $0.contains(example) },
                        "\(file.lastPathComponent): no file in Snippets has \(example)")
                }
            }
            #expect(count >= 15)
        }

        private static func files(in folder: URL) throws -> [URL] {
            let names = try FileManager.default.subpathsOfDirectory(atPath: folder.path)
            return names.filter { $0.hasSuffix(".swift") }.map { folder.appending(path: $0) }
        }

        /// The lines without their indentation, and without empty ones.
        private static func lines(_ text: String) -> String {
            text.split(separator: "\n").map { $0.trimmingCharacters(in: .whitespaces) }
                .filter { !$0.isEmpty }.joined(separator: "\n")
        }

        /// The Swift blocks that follow a link to a snippet.
        private static func examples(in text: String) -> [(String, String)] {
            text.matches(of: /Snippets\/(\w+)\.swift\)\):\n\n```swift\n((?:.|\n)*?)```/).map {
                (String($0.1), String($0.2))
            }
        }
    }
}
