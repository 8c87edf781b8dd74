// SPDX-License-Identifier: Apache-2.0
import AuthSignals
import Testing

@Suite struct HostSettingTests {
    private func read(_ text: String?) -> (host: String, faults: [String]) {
        var reader = SettingsReader(text.map { ["HTTP_HOST": $0] } ?? [:])
        let host = reader.host("HTTP_HOST", default: "127.0.0.1", port: "HTTP_PORT")
        return (host, reader.faults.map(\.description))
    }

    @Test(arguments: [
        "127.0.0.1", "0.0.0.0", "::", "::1", "2001:db8::7", "fe80::1%eth0", "localhost", "web-1.example.org",
    ])
    func `accepts an address or a host name`(text: String) {
        #expect(read(text).host == text)
        #expect(read(" \(text)\n").host == text)
        #expect(read(text).faults == [])
    }

    @Test func `uses the default for a missing or empty setting`() {
        #expect(read(nil).host == "127.0.0.1")
        #expect(read("").host == "127.0.0.1")
    }

    @Test(arguments: [
        ("[::]", "without brackets"), ("[::1]", "without brackets"), ("*", "0.0.0.0"),
        ("http://0.0.0.0", "without a URL"), ("localhost:8080", "HTTP_PORT"), ("[::]:8080", "HTTP_PORT"),
        ("0.0.0.0:80", "HTTP_PORT"), ("a b", "must be an address"), ("127.0.0.1,::1", "must be an address"),
        ("*:8080", "HTTP_PORT"), ("\u{200D}", "must be an address"),
    ])
    func `rejects text that only looks like a host and names the right form`(text: String, says: String) {
        let faults = read(text).faults
        #expect(faults.count == 1)
        #expect(faults.first?.contains("HTTP_HOST") == true)
        #expect(faults.first?.contains(says) == true, "\(faults)")
    }
}
