// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthSignals
import AuthTesting
import Dispatch
import Foundation
import Hummingbird
import ServerTesting
import Testing

@Suite struct BusyHashingTests {
    @Test(arguments: [TestingSetup.live, .router])
    func `while all hashing threads are busy, log-ins get 503 and other requests are answered`(
        _ setup: TestingSetup
    ) async throws {
        let many = 4 * ProcessInfo.processInfo.activeProcessorCount
        let scheme = HeldScheme()
        let passwords = PasswordHasher(
            cost: .init(n: 2), concurrency: many, queueLimit: 1, longestWait: .seconds(3600),
            schemes: [scheme])
        let server = try TestServer(passwords: passwords) { $0.emailVerification = .none }
        try await server.app(setup) { app in
            #expect(
                try await app.post(
                    "auth/signup", ["email": "ada@example.org", "password": "correct-Horse-1"]
                ).status == 200)
            let held = (0..<many).map { _ in
                Task { try await passwords.verify(Password("x"), HeldScheme.hash) }
            }
            try await eventually("all threads are hashing") { scheme.enteredCount == many }
            let waiting = Task { try await passwords.hash(Password("x")) }
            try await eventually("one password waits") { passwords.waitingCount == 1 }

            #expect(try await app.get("auth/session").status == 200)
            #expect(try await app.get("account/email").status == 200)
            let token = app.token
            app.token = nil
            #expect(try await app.get("config").status == 200)
            let refused = try await app.post(
                "auth/login", ["email": "ada@example.org", "password": "correct-Horse-1"])
            #expect(refused.status == 503)
            #expect(refused.headers[.retryAfter].flatMap { Int($0) } ?? 0 >= 1)
            app.token = token
            #expect(try await app.get("auth/session").status == 200)

            scheme.open()
            for task in held { _ = try await task.value }
            _ = try await waiting.value
            #expect(try await app.delete("auth/session").status == 401)
            app.token = nil
            #expect(
                try await app.post(
                    "auth/login", ["email": "ada@example.org", "password": "correct-Horse-1"]
                ).status == 200)
        }
    }

    @Test func `a client that closes its sending side while its password waits gets 503`()
        async throws
    {
        let scheme = HeldScheme()
        let passwords = PasswordHasher(
            cost: .init(n: 2), concurrency: 1, queueLimit: 10, longestWait: .seconds(3600), schemes: [scheme])
        let server = try TestServer(passwords: passwords)
        try await server.app { app in
            let held = Task { try await passwords.verify(Password("x"), HeldScheme.hash) }
            try await eventually("the thread is hashing") { scheme.enteredCount == 1 }
            let presence = CallerPresence()
            let waiting = Task {
                try await CallerPresence.$current.withValue(presence) {
                    try await app.post("auth/login", ["email": "a@x.org", "password": "correct-Horse-1"])
                }
            }
            try await eventually("the password waits") { passwords.waitingCount == 1 }
            presence.leave()
            let refused = try await waiting.value
            #expect(refused.status == 503)
            #expect(refused.headers[.retryAfter] == "1")
            #expect(passwords.waitingCount == 0)
            scheme.open()
            _ = try await held.value
        }
    }
}

/// A password scheme that blocks all comparisons until `open()` is called.
private final class HeldScheme: PasswordScheme {
    static let hash = PasswordHash(stored: "held$")

    private let gate = DispatchSemaphore(value: 0)
    private let entered = Locked(0)

    var enteredCount: Int { entered.value }

    func recognizes(_ hash: PasswordHash) -> Bool { hash == Self.hash }

    func verify(_ password: Password, _ hash: PasswordHash) -> Bool {
        entered.change { $0 += 1 }
        _ = gate.wait(timeout: .now() + 60)
        gate.signal()
        return true
    }

    func open() { gate.signal() }
}
