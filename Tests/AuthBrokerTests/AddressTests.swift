// SPDX-License-Identifier: Apache-2.0
import BrokerSupport
import CRabbitMQ
import Testing

@testable import AuthBroker

/// Hosts with several addresses, and brokers with several nodes, one of which is dead. Each test has its own port,
/// because the process remembers per node which address worked.
@Suite(.needsBroker) struct AddressTests {
    /// Opens a connection to a host name with several addresses; returns the error, or `nil` if it succeeded.
    ///
    /// - Parameter seed: The order of the addresses; 0: as listed.
    private func open(
        _ addresses: String, port: UInt16, answerTimeout: Duration = .milliseconds(600), seed: Int64 = 0
    ) throws -> BrokerError? {
        let channel = Channel(try ConnectionHandle())
        var settings = BrokerSettings(urls: [BrokerURL(host: "broker.test", port: Int(port))])
        settings.answerTimeout = answerTimeout
        settings.connectTimeout = .seconds(2)
        settings.orderSeed = seed
        _ = crmq_set_text(channel.connection, .addresses, addresses)
        do throws(BrokerError) {
            try channel.open(settings.urls[0], as: "addresses", settings)
            channel.close(within: .seconds(1))
            return nil
        } catch { return error }
    }

    @Test func `skips an address that accepts but never answers, and tries it last afterwards`()
        async throws
    {
        let broker = try await PrivateBroker.shared
        let proxy = try LoopbackProxy(to: broker.port)
        defer { proxy.close() }
        let silent = try SilentListener("127.0.0.2", port: proxy.port)
        #expect(try open("127.0.0.2,127.0.0.1", port: proxy.port, answerTimeout: .seconds(4)) == nil)
        #expect(silent.newConnections() == 1)
        for _ in 0..<3 {
            #expect(try open("127.0.0.2,127.0.0.1", port: proxy.port, answerTimeout: .seconds(4)) == nil)
        }
        #expect(silent.newConnections() == 0)
        // The address that worked is down now: the other one is tried again.
        proxy.setDown(true)
        #expect(try open("127.0.0.1,127.0.0.2", port: proxy.port) != nil)
        #expect(silent.newConnections() == 1)
        // Both have failed: the one that failed longer ago is tried first.
        proxy.setDown(false)
        #expect(try open("127.0.0.2,127.0.0.1", port: proxy.port, answerTimeout: .seconds(4)) == nil)
        #expect(silent.newConnections() == 0)
    }

    @Test func `processes try the addresses of a name in different orders, and each reaches the broker`()
        async throws
    {
        let broker = try await PrivateBroker.shared
        // Whether the address that never answers was tried first, for several seeds.
        var firsts: [Bool] = []
        for seed in Int64(1)...8 {
            let proxy = try LoopbackProxy(to: broker.port)
            defer { proxy.close() }
            let silent = try SilentListener("127.0.0.2", port: proxy.port)
            let addresses = "127.0.0.2,127.0.0.1"
            #expect(
                try open(addresses, port: proxy.port, answerTimeout: .seconds(4), seed: seed) == nil)
            firsts.append(silent.newConnections() == 1)
        }
        #expect(Set(firsts) == [true, false])
    }

    @Test func `skips an address that refuses the connection`() async throws {
        let proxy = try LoopbackProxy(to: try await PrivateBroker.shared.port)
        defer { proxy.close() }
        #expect(try open("::1,127.0.0.3,127.0.0.1", port: proxy.port, answerTimeout: .seconds(4)) == nil)
    }

    @Test func `reports the error of the attempt that got furthest`() throws {
        let silent = try SilentListener("127.0.0.2")
        for addresses in ["127.0.0.3,127.0.0.2", "127.0.0.2,127.0.0.3"] {
            let error = try open(addresses, port: silent.port)
            #expect(error?.code == .unreachable)
            #expect(error?.message == "the broker did not reply in time")
            #expect(silent.newConnections() == 1)
        }
        #expect(try open("127.0.0.3", port: silent.port)?.message == "the connection was refused")
    }

    @Test func `tries only one address if the broker refuses the log-in`() async throws {
        let proxy = try LoopbackProxy(to: try await PrivateBroker.shared.port)
        defer { proxy.close() }
        let silent = try SilentListener("127.0.0.2", port: proxy.port)
        let channel = Channel(try ConnectionHandle())
        var url = BrokerURL(host: "broker.test", port: Int(proxy.port))
        url.password = "wrong"
        _ = crmq_set_text(channel.connection, .addresses, "127.0.0.1,127.0.0.2")
        let broker = url
        let error = #expect(throws: BrokerError.self) {
            var settings = BrokerSettings(urls: [broker])
            settings.urlOrder = .listed
            try channel.open(broker, as: "addresses", settings)
        }
        #expect(error?.code == .accessRefused)
        #expect(silent.newConnections() == 0)
    }

    @Test(arguments: ["nonsense", "127.0.0.1,", ",", "127.0.0.1,nonsense"])
    func `does not connect to an invalid address`(_ addresses: String) throws {
        #expect(try open(addresses, port: 1)?.message == "the host name cannot be resolved")
    }

    @Test func `a dead node costs its time-out once per process, not once per connection`() async throws {
        let broker = try await PrivateBroker.shared
        let silent = try SilentListener("127.0.0.2")
        var settings = BrokerSettings(
            urls: [BrokerURL(host: "127.0.0.2", port: Int(silent.port)), try BrokerURL(broker.url)])
        settings.urlOrder = .listed
        // The broker that works has to answer within it, too.
        settings.answerTimeout = .seconds(3)
        for _ in 0..<5 { try await BrokerAdmin(settings).check() }
        #expect(silent.newConnections() == 1)
    }
}
