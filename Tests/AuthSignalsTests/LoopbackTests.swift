// SPDX-License-Identifier: Apache-2.0
import AuthSignals
import Testing

@Suite struct LoopbackTests {
    @Test(arguments: ["localhost", "LocalHost", "127.0.0.1", "127.1.2.3", "::1", "[::1]"])
    func `recognizes names and addresses of loopback`(host: String) { #expect(Loopback.isHost(host)) }

    @Test(arguments: [
        "", "0.0.0.0", "::", "127.", "127.example.org", "127.0.0.1.example.org", "localhost.example.org",
        "128.0.0.1",
    ])
    func `other hosts are not loopback`(host: String) { #expect(!Loopback.isHost(host)) }
}
