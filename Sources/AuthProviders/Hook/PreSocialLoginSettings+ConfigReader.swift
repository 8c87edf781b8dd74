// SPDX-License-Identifier: Apache-2.0
public import AuthSignals
import Foundation

extension PreSocialLoginSettings {
    /// Reads `PRE_SOCIAL_LOGIN_URL`, `_SECRET`, `_TIMEOUT`, `_FAIL_OPEN` and `_REDIRECT_HOSTS`; nil where no URL is
    /// set, or something is wrong, which the reader is told.
    public init?(reading reader: inout SettingsReader) {
        let deadline = reader.seconds("PRE_SOCIAL_LOGIN_TIMEOUT", default: .seconds(5), in: 1...60)
        let failsOpen = reader.bool("PRE_SOCIAL_LOGIN_FAIL_OPEN", default: false)
        let hosts = Self.hosts(&reader)
        let secret = Self.secret(&reader)
        guard let url = Self.url(&reader) else { return nil }
        if reader.string("PRE_SOCIAL_LOGIN_SECRET") == nil {
            reader.fault(
                "PRE_SOCIAL_LOGIN_SECRET",
                "is required with PRE_SOCIAL_LOGIN_URL: \"whsec_$(openssl rand -base64 32)\" makes one")
        }
        guard let secret else { return nil }
        self.init(url: url, secret: secret)
        self.deadline = deadline
        self.failsOpen = failsOpen
        redirectHosts = hosts
    }

    private static func url(_ reader: inout SettingsReader) -> URL? {
        reader.value(
            "PRE_SOCIAL_LOGIN_URL", default: nil,
            "an https URL without user and password; http is for this machine only"
        ) { text in
            guard let parts = URLComponents(string: text), let url = parts.url, parts.user == nil,
                parts.password == nil, let host = parts.host?.lowercased(), !host.isEmpty,
                parts.scheme == "https" || (parts.scheme == "http" && isLoopback(host))
            else { return nil }
            return .some(.some(url))
        }
    }

    private static func secret(_ reader: inout SettingsReader) -> WebhookSecret? {
        reader.value(
            "PRE_SOCIAL_LOGIN_SECRET", default: nil, "whsec_ and 24 to 64 bytes in base64"
        ) { WebhookSecret($0).map(Optional.some) }
    }

    private static func hosts(_ reader: inout SettingsReader) -> Set<String> {
        let hosts = reader.list("PRE_SOCIAL_LOGIN_REDIRECT_HOSTS", default: []).map { $0.lowercased() }
        if !hosts.allSatisfy({ $0.wholeMatch(of: #/(\[[0-9a-f:]+\]|[a-z0-9._-]+)(:\d{1,5})?/#) != nil }) {
            reader.fault(
                "PRE_SOCIAL_LOGIN_REDIRECT_HOSTS",
                "must be hosts separated by commas, such as app.example.org or app.example.org:8443")
        }
        return Set(hosts)
    }
}
