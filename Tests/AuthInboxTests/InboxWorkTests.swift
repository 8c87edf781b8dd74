// SPDX-License-Identifier: Apache-2.0
import AuthSignals
import AuthTesting
import Foundation
import GRDB
import Testing

@testable import AuthInbox

@Suite struct InboxWorkTests {
    private let path = FileManager.default.temporaryDirectory.path + "/inbox-\(UUID().wireText).sqlite"
    private let inbox: SQLiteInbox

    init() throws { inbox = try SQLiteInbox(path: path) }

    private func time(_ seconds: Double) -> Date { Date(timeIntervalSince1970: 1_795_420_800 + seconds) }

    private func table(_ handlers: [(String, SignalPattern)], rest: String? = nil) -> SignalHandlers {
        var table = SignalHandlers()
        for (name, pattern) in handlers { table.on(matching: pattern, as: name) { _, _ in } }
        if let rest { table.onUnhandled(as: rest) { _, _ in } }
        return table
    }

    private func handlers(_ name: SignalName, at seconds: Double, settled: Double? = nil) async throws
        -> [String]
    {
        try await inbox.work().handlers(
            for: name, emitted: time(seconds), settled: time(settled ?? seconds))
    }

    @Test func `a signal has the handlers that match it if the queue's bindings match it`() async throws {
        defer { try? FileManager.default.removeItem(atPath: path) }
        try await inbox.register(
            table([("mail", "account.user_signed_up"), ("audit", "#")]), boundTo: ["account.#"], on: "q",
            at: time(0))
        #expect(try await handlers("account.user_signed_up", at: 1) == ["audit", "mail"])
        #expect(try await handlers("account.user_logged_in", at: 1) == ["audit"])
        #expect(try await handlers("socialaccount.social_account_added", at: 1) == [])
        #expect(try await inbox.work().handlers == ["audit", "mail"])
    }

    @Test func `a signal older than the registration has no handlers`() async throws {
        defer { try? FileManager.default.removeItem(atPath: path) }
        try await inbox.register(table([("log", "#")]), boundTo: ["#"], on: "q", at: time(10))
        #expect(try await handlers("account.user_signed_up", at: 9, settled: 11) == [])
        #expect(try await handlers("account.user_signed_up", at: 10) == ["log"])
    }

    @Test
    func `a restart changes nothing; a removed handler ends and starts again when it is added back`()
        async throws
    {
        defer { try? FileManager.default.removeItem(atPath: path) }
        let both = table([("log", "#"), ("webhook", "#")])
        for start in [0.0, 5] { try await inbox.register(both, boundTo: ["#"], on: "q", at: time(start)) }
        #expect(try await handlers("a.b", at: 1) == ["log", "webhook"])
        try await inbox.register(table([("log", "#")]), boundTo: ["#"], on: "q", at: time(10))
        #expect(try await handlers("a.b", at: 9) == ["log", "webhook"])
        #expect(try await handlers("a.b", at: 9, settled: 10) == ["log"])
        #expect(try await handlers("a.b", at: 11) == ["log"])
        try await inbox.register(both, boundTo: ["#"], on: "q", at: time(20))
        #expect(try await handlers("a.b", at: 21) == ["log", "webhook"])
        #expect(try await handlers("a.b", at: 15) == ["log"])
    }

    @Test func `an onUnhandled handler gets the signals that no other handler matches`() async throws {
        defer { try? FileManager.default.removeItem(atPath: path) }
        try await inbox.register(
            table([("mail", "account.#")], rest: "rest"), boundTo: ["#"], on: "q", at: time(0))
        #expect(try await handlers("account.user_signed_up", at: 1) == ["mail"])
        #expect(try await handlers("billing.invoice_paid", at: 1) == ["rest"])
    }

    @Test func `a handler with a condition is not expected to have handled anything`() async throws {
        defer { try? FileManager.default.removeItem(atPath: path) }
        var table = table([("mail", "account.#")], rest: "rest")
        table.on(matching: "billing.#", as: "large", where: { _ in false }) { _, _ in }
        try await inbox.register(table, boundTo: ["#"], on: "q", at: time(0))
        #expect(try await handlers("account.user_signed_up", at: 1) == ["mail"])
        // It may have refused the signal, which then does not go to the handler of the rest either.
        #expect(try await handlers("billing.invoice_paid", at: 1) == [])
        #expect(try await handlers("shop.parcel_sent", at: 1) == ["rest"])
    }

    @Test func `two queues that share an inbox keep separate handlers`() async throws {
        defer { try? FileManager.default.removeItem(atPath: path) }
        try await inbox.register(table([("mail", "#")]), boundTo: ["account.#"], on: "one", at: time(0))
        try await inbox.register(table([("audit", "#")]), boundTo: ["mfa.#"], on: "two", at: time(0))
        #expect(try await handlers("account.user_signed_up", at: 1) == ["mail"])
        #expect(try await handlers("mfa.authenticator_added", at: 1) == ["audit"])
    }

    @Test func `no handlers are expected without a registration, and pruned time has none`()
        async throws
    {
        defer { try? FileManager.default.removeItem(atPath: path) }
        try await inbox.register(SignalHandlers(), boundTo: ["#"], on: "q", at: time(0))
        #expect(try await handlers("a.b", at: 1) == [])
        #expect(try await !inbox.work().isEmpty)
        try await inbox.register(table([("log", "#")]), boundTo: ["#"], on: "q", at: time(2))
        _ = try await inbox.prune(before: time(10))
        #expect(try await handlers("a.b", at: 9) == [])
        #expect(try await handlers("a.b", at: 10) == ["log"])
    }
}
