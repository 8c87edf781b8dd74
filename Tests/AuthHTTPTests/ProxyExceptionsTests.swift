// SPDX-License-Identifier: Apache-2.0
import AuthHTTP
import Testing

@Suite struct ProxyExceptionsTests {
    @Test(arguments: [
        ("example.org", "example.org"), ("example.org", "EXAMPLE.org."), ("example.org", "a.b.example.org"),
        (".example.org", "a.example.org"), ("*.example.org", "a.example.org"),
        ("x, example.org", "example.org"),
        ("x example.org", "example.org"), ("*", "anything"), ("*", "10.0.0.1"),
        ("example.org:8443", "example.org"),
        ("10.1.2.3", "10.1.2.3"), ("10.0.0.0/8", "10.255.0.1"), ("192.168.1.128/25", "192.168.1.255"),
        ("fd00::/8", "fd12::1"), ("fd00::1", "fd00:0::1"), ("[fd00::1]:8443", "[fd00::1]"),
        ("0.0.0.0/0", "8.8.8.8"),
        ("::/0", "::2"), ("10.1.2.3:8443", "10.1.2.3"),
    ])
    func `a host that matches the list is an exception`(_ list: String, _ host: String) {
        #expect(ProxyExceptions(list).contains(host: host, port: 8443))
    }

    @Test(arguments: [
        ("", "example.org"), ("example.org", "notexample.org"), ("example.org", "example.org.evil"),
        (".example.org", "example.org"), ("example.org:443", "example.org"), ("10.0.0.0/8", "11.0.0.1"),
        ("192.168.1.128/25", "192.168.1.127"), ("10.1.2.3", "10.1.2.30"), ("10.1.2", "10.1.2.3"),
        ("3", "10.1.2.3"),
        ("10.0.0.0/8", "10.example.org"), ("10.0.0.0/33", "10.0.0.1"), ("10.0.0.0/-1", "10.0.0.1"),
        ("10.0.0.0/x", "10.0.0.1"), ("::/0", "10.0.0.1"), ("0.0.0.0/0", "::2"), ("[fd00::1]:1", "fd00::1"),
        ("nonsense/8", "nonsense"), (".", "example.org"), (",,", "example.org"), ("/", "example.org"),
    ])
    func `a host that does not match the list is not an exception`(_ list: String, _ host: String) {
        #expect(!ProxyExceptions(list).contains(host: host, port: 8443))
    }
}
