// SPDX-License-Identifier: Apache-2.0
import AuthBroker
import BrokerSupport
import Testing

@Suite(.needsBroker) struct LogInTests {
    private func fault(_ change: (inout BrokerURL) -> Void) async throws -> BrokerError {
        var url = try BrokerURL(try await PrivateBroker.shared.url)
        change(&url)
        let settings = BrokerSettings(urls: [url])
        return try await #require(throws: BrokerError.self) { try await BrokerAdmin(settings).check() }
    }

    @Test func `the error for a wrong password has the broker's reply text, without the password`()
        async throws
    {
        let error = try await fault { $0.password = "sesame-open" }
        #expect(error.code == .accessRefused)
        #expect(error.replyCode == 403)
        #expect(error.message.contains("ACCESS_REFUSED"))
        #expect(error.message.contains("user and password"))
        #expect(!"\(error)".contains("sesame"))
    }

    @Test func `the error for a wrong virtual host names it, without the password`() async throws {
        let error = try await fault { $0.virtualHost = "no-such-host" }
        #expect(error.code == .accessRefused)
        #expect(error.replyCode == 530)
        #expect(error.message.contains("no-such-host"))
        #expect(error.message.contains("virtual host"))
        #expect(!"\(error)".contains("guest"))
    }

    @Test func `a closed port and an unknown host name are unreachable`() async throws {
        let port = try await fault { $0.port = 1 }
        #expect(port.code == .unreachable)
        let name = try await fault { $0.host = "no-such-host.invalid" }
        #expect(name.code == .unreachable)
        #expect(name.message.contains("cannot be resolved"))
    }

    @Test(.timeLimit(.minutes(2))) func `times out on a broker that accepts but never answers`()
        async throws
    {
        let silent = try LoopbackProxy.silent()
        defer { silent.close() }
        var settings = BrokerSettings(urls: [BrokerURL(host: "127.0.0.1", port: Int(silent.port))])
        settings.answerTimeout = .milliseconds(300)
        let error = await #expect(throws: BrokerError.self) { try await BrokerAdmin(settings).check() }
        #expect(error?.code == .unreachable)
        #expect(error?.message == "the broker did not reply in time")
    }

    @Test func `logs in with the right password`() async throws {
        try await BrokerAdmin(BrokerSettings(urls: [try BrokerURL(PrivateBroker.shared.url)])).check()
    }
}
