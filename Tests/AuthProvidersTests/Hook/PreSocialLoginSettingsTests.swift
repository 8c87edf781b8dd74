// SPDX-License-Identifier: Apache-2.0
import AuthProviders
import AuthSignals
import Foundation
import Testing

@Suite struct PreSocialLoginSettingsTests {
    private static let secret = "whsec_" + Data(count: 32).base64EncodedString()

    private func read(_ values: [String: String]) -> (
        settings: PreSocialLoginSettings?, faults: [SettingFault]
    ) {
        var reader = SettingsReader(values)
        let settings = PreSocialLoginSettings(reading: &reader)
        return (settings, reader.faults)
    }

    @Test func `no hook exists without a URL`() {
        #expect(read([:]).settings == nil)
        #expect(read([:]).faults.isEmpty)
    }

    @Test func `a URL and a secret suffice, and the hook fails closed by default`() throws {
        let (settings, faults) = read([
            "PRE_SOCIAL_LOGIN_URL": "https://policy.example.org/hook", "PRE_SOCIAL_LOGIN_SECRET": Self.secret,
        ])
        #expect(faults.isEmpty)
        #expect(settings?.url.absoluteString == "https://policy.example.org/hook")
        #expect(settings?.secret.exposedBytes == Data(count: 32))
        #expect(settings?.deadline == .seconds(5))
        #expect(settings?.failsOpen == false)
        #expect(settings?.redirectHosts == [])
    }

    @Test func `reads every setting`() {
        let (settings, faults) = read([
            "PRE_SOCIAL_LOGIN_URL": "http://127.0.0.1:9/hook", "PRE_SOCIAL_LOGIN_SECRET": Self.secret,
            "PRE_SOCIAL_LOGIN_TIMEOUT": "2", "PRE_SOCIAL_LOGIN_FAIL_OPEN": "true",
            "PRE_SOCIAL_LOGIN_REDIRECT_HOSTS": "App.example.org, b.example:8443",
        ])
        #expect(faults.isEmpty)
        #expect(settings?.deadline == .seconds(2))
        #expect(settings?.limits.timeout == .seconds(3))
        #expect(settings?.failsOpen == true)
        #expect(settings?.redirectHosts == ["app.example.org", "b.example:8443"])
    }

    @Test(arguments: [
        "http://policy.example.org/hook", "http://127.0.0.1.evil.example/", "http://127.evil.example/",
        "http://localhost.evil.example/", "ftp://127.0.0.1/", "https://", "policy.example.org",
        "https://u:hush@policy.example.org/",
    ])
    func `rejects an invalid URL, and http to a remote host`(url: String) {
        let (settings, faults) = read(["PRE_SOCIAL_LOGIN_URL": url, "PRE_SOCIAL_LOGIN_SECRET": Self.secret])
        #expect(settings == nil)
        #expect(faults.map(\.name) == ["PRE_SOCIAL_LOGIN_URL"])
        #expect(!"\(faults)".contains("hush"))
    }

    @Test(arguments: ["http://localhost:8/x", "http://127.0.0.1/x", "http://[::1]:8/x"])
    func `accepts http to a loopback host`(url: String) {
        let (settings, faults) = read(["PRE_SOCIAL_LOGIN_URL": url, "PRE_SOCIAL_LOGIN_SECRET": Self.secret])
        #expect(faults.isEmpty)
        #expect(settings?.url.absoluteString == url)
    }

    @Test(arguments: [nil, "", "hush-hush", "whsec_", "whsec_AAAA", "whsec_hush hush"])
    func `requires a valid secret and does not quote it`(secret: String?) {
        let (settings, faults) = read([
            "PRE_SOCIAL_LOGIN_URL": "https://policy.example.org/", "PRE_SOCIAL_LOGIN_SECRET": secret ?? "",
        ])
        #expect(settings == nil)
        #expect(faults.map(\.name) == ["PRE_SOCIAL_LOGIN_SECRET"])
        #expect(!"\(faults)".contains("hush"))
    }

    @Test(arguments: [
        ("PRE_SOCIAL_LOGIN_TIMEOUT", "0"), ("PRE_SOCIAL_LOGIN_FAIL_OPEN", "yes"),
        ("PRE_SOCIAL_LOGIN_REDIRECT_HOSTS", "https://app.example.org"),
        ("PRE_SOCIAL_LOGIN_REDIRECT_HOSTS", "*"),
    ])
    func `reports an invalid value by name`(name: String, value: String) {
        #expect(read([name: value]).faults.map(\.name) == [name])
    }

    @Test func `print, interpolation and dump do not show the secret`() throws {
        let secret = try #require(
            WebhookSecret("whsec_" + Data(repeating: 7, count: 32).base64EncodedString()))
        var shown = "\(secret) \(String(reflecting: secret))"
        dump(secret, to: &shown)
        #expect(!shown.contains("BwcH") && !shown.contains("32 bytes"))
    }
}
