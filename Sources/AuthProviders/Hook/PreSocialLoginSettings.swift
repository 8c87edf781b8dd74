// SPDX-License-Identifier: Apache-2.0
public import AuthSignals
public import Foundation

/// How the hook before a social log-in is called over HTTP.
public struct PreSocialLoginSettings: Sendable {
    /// `PRE_SOCIAL_LOGIN_URL`: https, or http on this machine.
    public var url: URL
    /// `PRE_SOCIAL_LOGIN_SECRET`: what its requests are signed with.
    public var secret: WebhookSecret
    /// `PRE_SOCIAL_LOGIN_TIMEOUT`.
    public var deadline: Duration = .seconds(5)
    /// `PRE_SOCIAL_LOGIN_FAIL_OPEN`: whether a log-in proceeds where there is no answer in time.
    public var failsOpen = false
    /// `PRE_SOCIAL_LOGIN_REDIRECT_HOSTS`: where it may send visitors: `app.example.org`, or with a port that is not
    /// https's, `app.example.org:8443`.
    public var redirectHosts: Set<String> = []

    public init(url: URL, secret: WebhookSecret) {
        self.url = url
        self.secret = secret
    }

    /// What a call may cost: a little longer than the deadline, which tells slowness from failure.
    public var limits: ProviderClient.Limits {
        var limits = ProviderClient.Limits()
        limits.timeout = deadline + .seconds(1)
        limits.longestAnswer = PreSocialLoginEndpoint.longestAnswer
        return limits
    }

    /// The address that a visitor may be sent to; nil for any that is not https on an allowed host (http on this
    /// machine, where that is allowed).
    func allowedRedirect(_ text: String) -> URL? {
        // Browsers take a backslash for a slash, and leave out line ends: such a text is read in two ways.
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
