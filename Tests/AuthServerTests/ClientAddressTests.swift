// SPDX-License-Identifier: Apache-2.0
import AuthSignals
import Hummingbird
import InMemoryLogging
import Logging
import Testing

@testable import AuthServer

@Suite("Client addresses")
struct ClientAddressTests {
    private let forwarded = HeaderName("X-Forwarded-For")!

    @Test func `without a trusted proxy the peer address is used, whatever the headers`() {
        let headers: HTTPFields = [forwarded: "203.0.113.9"]
        #expect(ClientAddress().address(headers: headers, peer: "198.51.100.1") == "198.51.100.1")
        #expect(ClientAddress().address(headers: headers, peer: nil) == nil)
    }

    @Test(arguments: [
        (1, "203.0.113.9"), (2, "192.0.2.7"), (3, "10.9.9.9"), (4, "10.9.9.9"),
    ])
    func `entries of trusted proxies are counted from the right`(count: Int, expected: String) {
        let headers: HTTPFields = [forwarded: "10.9.9.9, 192.0.2.7,203.0.113.9"]
        let address = ClientAddress(trustedProxyCount: count)
        #expect(address.address(headers: headers, peer: "198.51.100.1") == expected)
    }

    @Test func `several headers form one list`() {
        var headers = HTTPFields()
        headers.append(.init(name: forwarded, value: "10.9.9.9"))
        headers.append(.init(name: forwarded, value: "203.0.113.9"))
        #expect(ClientAddress(trustedProxyCount: 2).address(headers: headers, peer: nil) == "10.9.9.9")
    }

    @Test func `a trusted header is preferred, with the peer address as a fallback`() {
        let name = HeaderName("CF-Connecting-IP")!
        let address = ClientAddress(trustedProxyCount: 1, trustedHeader: "CF-Connecting-IP")
        #expect(
            address.address(headers: [name: "203.0.113.9", forwarded: "10.1.1.1"], peer: "198.51.100.1")
                == "203.0.113.9")
        #expect(
            address.address(headers: [name: "<script>", forwarded: "10.1.1.1"], peer: "198.51.100.1")
                == "198.51.100.1")
        #expect(address.address(headers: [forwarded: "10.1.1.1"], peer: "198.51.100.1") == "198.51.100.1")
    }

    @Test(arguments: [
        ("[2001:DB8::1]:443", "2001:db8::1"), ("203.0.113.9:1234", "203.0.113.9"),
        ("::ffff:203.0.113.9", "203.0.113.9"), (" 2001:db8:0:0::1 ", "2001:db8::1"),
    ])
    func `an address has one canonical form`(written: String, canonical: String) {
        let headers: HTTPFields = [forwarded: written]
        #expect(ClientAddress(trustedProxyCount: 1).address(headers: headers, peer: nil) == canonical)
    }
}

@Suite("Settings of the HTTP server")
struct AuthServerSettingsTests {
    @Test func `reads the settings by allauth's names`() throws {
        var reader = SettingsReader([
            "HTTP_HOST": "0.0.0.0", "HTTP_PORT": "0",
            "CSRF_TRUSTED_ORIGINS": "https://app.example.org, https://*.example.com",
            "ALLAUTH_TRUSTED_PROXY_COUNT": "2", "ALLAUTH_TRUSTED_CLIENT_IP_HEADER": "X-Real-IP",
        ])
        let settings = AuthServerSettings(reading: &reader)
        try reader.check()
        #expect(settings.host == "0.0.0.0")
        #expect(settings.port == 0)
        #expect(settings.csrfTrustedOrigins == ["https://app.example.org", "https://*.example.com"])
        #expect(settings.clientAddress.trustedProxyCount == 2)
        #expect(settings.clientAddress.trustedHeader == "X-Real-IP")
    }

    @Test(arguments: [
        ("HTTP_PORT", "abc"), ("HTTP_PORT", "65536"), ("CSRF_TRUSTED_ORIGINS", "app.example.org"),
        ("CSRF_TRUSTED_ORIGINS", "https://app.example.org/path"), ("CSRF_TRUSTED_ORIGINS", "https://*"),
        ("CSRF_TRUSTED_ORIGINS", "https://user@app.example.org"),
        ("ALLAUTH_TRUSTED_PROXY_COUNT", "-1"), ("ALLAUTH_TRUSTED_CLIENT_IP_HEADER", "two words"),
    ])
    func `reports an invalid setting by its name`(name: String, value: String) {
        var reader = SettingsReader([name: value])
        _ = AuthServerSettings(reading: &reader)
        #expect(reader.faults.map(\.name) == [name])
    }
}

@Suite("Warnings about client addresses")
struct ClientAddressReportTests {
    private let log = InMemoryLogHandler()

    private func report(_ address: ClientAddress, _ headers: [String: String]) {
        var fields = HTTPFields()
        for (name, value) in headers { fields[HeaderName(name)!] = value }
        address.report(fields, to: Logger(label: "test") { _ in log })
    }
    private var warnings: [String] {
        log.entries.filter { $0.level == .warning }.map(\.message.description)
    }

    @Test(arguments: [
        "X-Forwarded-For", "Forwarded", "X-Real-IP", "CF-Connecting-IP", "True-Client-IP",
        "X-Forwarded-Proto",
    ])
    func `warns once about a forwarded header that is not trusted`(header: String) {
        let address = ClientAddress()
        report(address, ["User-Agent": "curl"])
        #expect(warnings == [])
        report(address, [header: "203.0.113.9"])
        report(address, [header: "203.0.113.9"])
        // Copies share the state, so that the warning is logged once.
        let copy = address
        report(copy, [header: "203.0.113.9"])
        #expect(warnings.count == 1)
        #expect(warnings.first?.contains("ALLAUTH_TRUSTED_PROXY_COUNT") == true)
        #expect(log.entries.allSatisfy { !"\($0.metadata)".contains("203.0.113.9") })
    }

    @Test func `warns about a trusted proxy that sends no address`() {
        let counted = ClientAddress(trustedProxyCount: 1)
        report(counted, ["X-Forwarded-For": "203.0.113.9"])
        #expect(warnings == [])
        report(counted, ["Forwarded": "for=203.0.113.9"])
        report(counted, [:])
        #expect(warnings.count == 1)
        let named = ClientAddress(trustedHeader: "CF-Connecting-IP")
        report(named, ["CF-Connecting-IP": "203.0.113.9"])
        #expect(warnings.count == 1)
        report(named, ["X-Forwarded-For": "203.0.113.9"])
        #expect(warnings.count == 2)
        #expect(log.entries.last?.metadata["header"] == "CF-Connecting-IP")
    }
}
