// SPDX-License-Identifier: Apache-2.0
public import AuthSignals
public import Foundation

/// The settings of the HTTP hook before a social log-in.
public struct PreSocialLoginSettings: Sendable {
    /// `PRE_SOCIAL_LOGIN_URL`: https, or http on this machine.
    public var url: URL
    /// `PRE_SOCIAL_LOGIN_SECRET`: the key that signs the requests.
    public var secret: WebhookSecret
    /// `PRE_SOCIAL_LOGIN_TIMEOUT`.
    public var deadline: Duration = .seconds(5)
    /// `PRE_SOCIAL_LOGIN_FAIL_OPEN`: whether a log-in proceeds if the hook fails or does not respond in time.
    public var failsOpen = false
    /// `PRE_SOCIAL_LOGIN_REDIRECT_HOSTS`: the hosts that it may redirect users to: `app.example.org`, or with a port
    /// other than 443, `app.example.org:8443`.
    public var redirectHosts: Set<String> = []

    public init(url: URL, secret: WebhookSecret) {
        self.url = url
        self.secret = secret
    }

    /// The limits of a call: slightly longer than the deadline, so that a slow call is not reported as a failure.
    public var limits: ProviderClient.Limits {
        var limits = ProviderClient.Limits()
        limits.timeout = deadline + .seconds(1)
        limits.longestAnswer = PreSocialLoginEndpoint.longestAnswer
        return limits
    }

    /// The URL if users may be redirected to it; nil unless it is https on an allowed host (or http, if that host is
    /// this machine).
    func allowedRedirect(_ text: String) -> URL? {
        // Browsers treat a backslash as a slash and drop line ends, so they would parse such a text differently.
        guard text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f && $0 != UInt8(ascii: "\\") }),
            let parts = URLComponents(string: text), let url = parts.url, parts.user == nil,
            parts.password == nil, let host = parts.host?.lowercased(), !host.isEmpty,
            redirectHosts.contains(parts.port.map { "\(host):\($0)" } ?? host)
        else { return nil }
        switch parts.scheme?.lowercased() {
        case "https": return url
        case "http": return Loopback.isHost(host) ? url : nil
        default: return nil
        }
    }
}
