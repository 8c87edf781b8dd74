// SPDX-License-Identifier: Apache-2.0
import AuthSignals
import AuthTesting
import BrokerSupport
import CRabbitMQ
import Testing
import ToolSupport

@testable import AuthBroker

/// TLS against a real node, which has another generated certificate in each test.
@Suite(.needsBroker, .serialized) struct EncryptedConnectionTests {
    /// Runs a body with a certificate for the given names and days.
    private func withCertificate(
        for names: String = "DNS:localhost", days: Int = 2,
        _ body: (EncryptedBroker, BrokerURL) async throws -> Void
    ) async throws {
        let broker = try await Self.starting.value
        try await broker.replaceCertificate(for: names, days: days)
        try await body(broker, try BrokerURL(broker.node.tlsURL))
    }

    private static let starting = Task { try await EncryptedBroker.start() }

    private func fault(_ url: BrokerURL) async throws -> BrokerError {
        try await #require(throws: BrokerError.self) {
            try await BrokerAdmin(BrokerSettings(urls: [url])).check()
        }
    }

    @Test func `accepts only certificates of the configured authority`() async throws {
        try await withCertificate { encrypted, url in
            let (broker, certificates) = (encrypted.node, encrypted.certificates)
            #expect(url.isEncrypted)
            var settings = BrokerSettings(urls: [url])
            settings.urls[0].certificateFile = certificates.path("client.pem")
            settings.urls[0].keyFile = certificates.path("client.key")
            let publisher = BrokerPublisher(settings)
            let running = Task { try await publisher.run() }
            try await publisher.awaitReady()
            let topology = try ConsumerTopology(queue: "tls", patterns: ["#"])
            try await BrokerAdmin(settings).declare(topology)
            let batch = (0..<300).map { SignalMessage.test($0) }
            #expect(await publisher.publish(batch) == Array(repeating: .confirmed, count: 300))
            let connections = try await broker.ctl("list_connections", "ssl", "peer_cert_subject")
            #expect(connections.contains("true\tCN=client"))
            running.cancel()
            try await running.value

            // Another authority, the system's trust store and a missing CA file all fail.
            var other = url
            other.authoritiesFile = certificates.path("stranger.pem")
            let untrusted = try await fault(other)
            #expect(untrusted.code == .tls)
            #expect(untrusted.message.contains("not from a trusted authority"))
            other.authoritiesFile = nil
            #expect(try await fault(other).message.contains("not from a trusted authority"))
            other.authoritiesFile = certificates.path("missing.pem")
            #expect(try await fault(other).message.contains("CA file"))
            // The certificate is for a host name, not for this address.
            var address = url
            address.host = "127.0.0.1"
            #expect(try await fault(address).message.contains("another host name"))
            // TLS against a port without TLS.
            var plain = url
            plain.port = Int(broker.port)
            plain.connectTimeout = 3000
            #expect([.tls, .unreachable, .connectionLost].contains(try await fault(plain).code))
        }
    }

    @Test
    func `accepts a certificate for the URL's address, and skips a silent address`()
        async throws
    {
        try await withCertificate(for: "DNS:broker.test,IP:127.0.0.1") { _, url in
            var url = url
            url.host = "127.0.0.1"
            try await BrokerAdmin(BrokerSettings(urls: [url])).check()
            url.host = "localhost"
            #expect(try await fault(url).message.contains("another host name"))

            // The host name is verified, whichever address answers.
            let silent = try SilentListener("127.0.0.2", port: UInt16(url.port))
            var settings = BrokerSettings(urls: [url])
            settings.connectTimeout = .seconds(4)
            for (host, code) in [
                ("broker.test", nil), ("127.0.0.1", nil), ("else.test", BrokerError.Code.tls),
            ] {
                settings.urls[0].host = host
                let channel = Channel(try ConnectionHandle())
                _ = crmq_set_text(channel.connection, .addresses, "127.0.0.2,127.0.0.1")
                do throws(BrokerError) {
                    try channel.open(settings.urls[0], as: "addresses", settings)
                    channel.close(within: .seconds(1))
                    #expect(code == nil)
                } catch { #expect(error.code == code, "\(host): \(error)") }
            }
            #expect(silent.newConnections() <= 2)
        }
    }

    @Test func `rejects a certificate for another host name`() async throws {
        try await withCertificate(for: "DNS:elsewhere.example.org") { _, url in
            let error = try await fault(url)
            #expect(error.code == .tls)
            #expect(error.message.contains("another host name"))
        }
    }

    @Test func `rejects an expired certificate`() async throws {
        try await withCertificate(days: -1) { _, url in
            let error = try await fault(url)
            #expect(error.code == .tls)
            #expect(error.message.contains("expired"))
        }
    }
}
