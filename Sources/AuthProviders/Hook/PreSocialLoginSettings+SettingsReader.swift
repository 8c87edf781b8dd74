// SPDX-License-Identifier: Apache-2.0
public import AuthSignals
import Foundation

extension PreSocialLoginSettings {
    /// Reads `PRE_SOCIAL_LOGIN_URL`, `_SECRET`, `_TIMEOUT`, `_FAIL_OPEN` and `_REDIRECT_HOSTS`; nil if no URL is set,
    /// or after an error, which is collected in the reader.
    public init?(reading reader: inout SettingsReader) {
        let deadline = reader.seconds("PRE_SOCIAL_LOGIN_TIMEOUT", default: .seconds(5), in: 1...60)
        let failsOpen = reader.bool("PRE_SOCIAL_LOGIN_FAIL_OPEN", default: false)
        let hosts = Self.hosts(&reader)
        guard let webhook = reader.webhook("PRE_SOCIAL_LOGIN") else { return nil }
        self.init(url: webhook.url, secret: webhook.secret)
        self.deadline = deadline
        self.failsOpen = failsOpen
        redirectHosts = hosts
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
