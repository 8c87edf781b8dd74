// SPDX-License-Identifier: Apache-2.0
import AuthHTTP
import AuthSignals
import AuthTesting
import Foundation
import Testing
import ToolSupport

/// Requests to real servers on loopback, through a real proxy.
@Suite struct OutgoingHTTPTests {
    /// The response body of a GET request, or the fault.
    private func get(
        _ address: String, _ outgoing: OutgoingHTTP, timeout: Duration = .seconds(10)
    ) async throws -> Result<String, HTTPFault> {
        let url = try #require(URL(string: address))
        let connections = HTTPConnections(outgoing, connectTimeout: timeout)
        let answer: Result<String, HTTPFault>
        do {
            let response = try await connections.send(OutgoingRequest(url, timeout: timeout))
            answer = .success(String(decoding: response.body, as: UTF8.self))
        } catch {
            answer = .failure(error)
        }
        await connections.shutdown()
        return answer
    }

    private func fault(
        _ address: String, _ outgoing: OutgoingHTTP = OutgoingHTTP(), timeout: Duration = .seconds(10)
    ) async throws -> HTTPFault? {
        if case .failure(let fault) = try await get(address, outgoing, timeout: timeout) {
            fault
        } else {
            nil
        }
    }

    private func withServer(
        for names: String = "DNS:localhost,IP:127.0.0.1", days: Int = 2,
        _ body: (FixtureServer, OutgoingHTTP) async throws -> Void
    ) async throws {
        let certificates = try await Certificates.make(for: names, days: days)
        defer { certificates.remove() }
        var outgoing = OutgoingHTTP()
        outgoing.authoritiesFile = certificates.path("ca.pem")
        try await FixtureServer.serving(
            ["https", certificates.path("server.pem"), certificates.path("server.key")]
        ) { try await body($0, outgoing) }
    }

    // MARK: Certificate authorities

    @Test func `trusts a server of the CA file, and reports an unknown CA without the file`()
        async throws
    {
        try await withServer { server, outgoing in
            for host in ["localhost", "127.0.0.1"] {
                #expect(try await get("https://\(host):\(server.port)/x", outgoing) == .success("hello"))
            }
            let fault = try await fault("https://localhost:\(server.port)/x")
            #expect(fault?.cause == .untrustedCertificate)
            #expect(fault?.message.contains("unknown CA") == true)
            #expect(fault?.message.contains("SSL_CERT_FILE") == true)
            try await eventually("both requests are reported") { server.requests.count == 2 }
            #expect(server.requests == ["GET /x HTTP/1.1", "GET /x HTTP/1.1"])
        }
    }

    @Test func `reports a certificate for another host`() async throws {
        try await withServer(for: "DNS:elsewhere.example.org") { server, outgoing in
            let fault = try await fault("https://localhost:\(server.port)/", outgoing)
            #expect(fault?.cause == .wrongName)
            #expect(server.requests.isEmpty)
        }
    }

    @Test func `rejects an expired certificate`() async throws {
        try await withServer(days: -1) { server, outgoing in
            let fault = try await fault("https://localhost:\(server.port)/", outgoing)
            #expect(fault?.cause == .untrustedCertificate)
        }
    }

    // MARK: The proxy

    @Test func `uses the proxy unless the host is an exception or a loopback host`() async throws {
        try await withServer(for: "DNS:hidden.example,DNS:localhost") { server, outgoing in
            try await FixtureServer.serving(["proxy"]) { proxy in
                var outgoing = outgoing
                outgoing.proxy = HTTPProxy(host: "127.0.0.1", port: proxy.port)
                let hidden = "https://hidden.example:\(server.port)/y"
                let answer = try await get(hidden, outgoing)
                #expect(answer == .success("hello"))
                try await eventually("the request is reported") { proxy.requests.count == 1 }
                #expect(proxy.requests.map { $0.prefix(22) } == ["CONNECT hidden.example"])
                // Only the proxy can resolve this name.
                outgoing.exceptions = ProxyExceptions("other.example, .EXAMPLE")
                #expect(try await fault(hidden, outgoing)?.cause == .unknownHost)
                #expect(try await get("https://localhost:\(server.port)/", outgoing) == .success("hello"))
                #expect(proxy.requests.count == 1)
            }
        }
    }

    @Test func `sends the proxy's user and password, and reports what the proxy refuses`() async throws {
        try await withServer(for: "DNS:hidden.example") { server, outgoing in
            try await FixtureServer.serving(["proxy", "jane:a:b c"]) { proxy in
                var outgoing = outgoing
                outgoing.proxy = HTTPProxy("http://jane:a%3Ab%20c@127.0.0.1:\(proxy.port)/")
                #expect(
                    try await get("https://hidden.example:\(server.port)/", outgoing) == .success("hello"))
                #expect(try await fault("https://forbidden.example/", outgoing)?.cause == .proxy)
                outgoing.proxy?.password = "wrong"
                let fault = try await fault("https://hidden.example:\(server.port)/", outgoing)
                #expect(fault?.cause == .proxy)
                #expect(fault?.message.contains("password") == true)
                outgoing.proxy?.port = 1
                let refused = try await self.fault("https://hidden.example:\(server.port)/", outgoing)
                #expect(refused?.cause == .refused)
                #expect(refused?.message.contains("HTTPS_PROXY") == true)
            }
        }
    }

    // MARK: Causes

    @Test func `reports the cause of a failed connection`() async throws {
        #expect(try await fault("https://127.0.0.1:1/")?.cause == .refused)
        #expect(try await fault("https://no-such-host.invalid/")?.cause == .unknownHost)
        try await FixtureServer.serving(["closing"]) { server in
            let fault = try await fault("http://127.0.0.1:\(server.port)/")
            #expect(fault?.cause == .closed)
        }
        // The proxy waits for a CONNECT request and does not respond to a TLS handshake.
        try await FixtureServer.serving(["proxy"]) { server in
            let fault = try await fault("https://127.0.0.1:\(server.port)/", timeout: .milliseconds(300))
            #expect(fault?.cause == .timedOut)
        }
    }

    // MARK: Settings

    private func read(_ values: [String: String]) -> (OutgoingHTTP, [SettingFault]) {
        var reader = SettingsReader(values)
        let outgoing = OutgoingHTTP(reading: &reader)
        return (outgoing, reader.faults)
    }

    @Test func `reads the settings, which are unset by default`() async throws {
        let (none, faults) = read([:])
        #expect(faults.isEmpty && none.proxy == nil && none.authoritiesFile == nil)
        let certificates = try await Certificates.make()
        defer { certificates.remove() }
        let (outgoing, others) = read([
            "SSL_CERT_FILE": certificates.path("ca.pem"),
            "HTTPS_PROXY": "http://jane:se%40same@proxy.example:3128",
            "NO_PROXY": "example.org,10.0.0.0/8",
        ])
        #expect(others.isEmpty)
        #expect(outgoing.authoritiesFile == certificates.path("ca.pem"))
        #expect(
            outgoing.proxy == HTTPProxy(host: "proxy.example", port: 3128, user: "jane", password: "se@same"))
        func goesThroughProxy(_ address: String) -> Bool { outgoing.proxy(for: URL(string: address)!) != nil }
        #expect(goesThroughProxy("https://accounts.example.com/x"))
        for direct in [
            "https://example.org/", "https://a.example.org:8443/", "https://10.1.2.3/", "https://localhost/",
            "https://127.0.0.9:8443/", "https://[::1]/", "http://accounts.example.com/",
        ] { #expect(!goesThroughProxy(direct), "\(direct)") }
        #expect(!"\(outgoing)".contains("same"))
    }

    @Test(arguments: [
        ("SSL_CERT_FILE", "/missing.pem"), ("SSL_CERT_FILE", "/dev/null"),
        ("HTTPS_PROXY", "https://proxy:3128"),
        ("HTTPS_PROXY", "socks5://sesame"), ("HTTPS_PROXY", "http://"), ("HTTPS_PROXY", "http://sesame:0"),
        ("HTTPS_PROXY", "http://proxy:3128/sesame"), ("HTTPS_PROXY", "http://proxy:99999"),
        ("HTTPS_PROXY", "a b"),
    ])
    func `reports an unusable setting by name`(_ name: String, _ value: String) {
        let (_, faults) = read([name: value])
        #expect(faults.map(\.name) == [name])
        #expect(!"\(faults)".contains("sesame"))
    }

    @Test func `a file of authorities that is cut, damaged or has no certificate is not usable`() async throws
    {
        let certificates = try await Certificates.make()
        defer { certificates.remove() }
        let path = certificates.path("ca.pem")
        let whole = try String(contentsOfFile: path, encoding: .utf8)
        let key = try String(contentsOfFile: certificates.path("server.key"), encoding: .utf8)
        for (text, isUsable) in [
            (whole, true), ("a comment\n" + whole + whole, true), (key + whole, true),
            (whole.replacing("\n", with: "\r\n"), true), (String(whole.dropLast(40)), false), (key, false),
            (whole.replacing("MII", with: "?II"), false), (whole + String(whole.prefix(200)), false),
            ("-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n", false), ("", false),
        ] {
            try text.write(toFile: path, atomically: true, encoding: .utf8)
            #expect(OutgoingHTTP.hasCertificates(path) == isUsable, "\(text)")
        }
    }

    @Test func `the scheme and the port of a proxy are optional`() {
        #expect(HTTPProxy("proxy.example:3128") == HTTPProxy(host: "proxy.example", port: 3128))
        #expect(HTTPProxy("http://proxy.example") == HTTPProxy(host: "proxy.example", port: 80))
        #expect(HTTPProxy("http://[::1]:3128/") == HTTPProxy(host: "::1", port: 3128))
    }
}
