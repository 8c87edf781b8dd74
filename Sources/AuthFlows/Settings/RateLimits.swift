// SPDX-License-Identifier: Apache-2.0
import Crypto
public import Foundation

/// How often an action may be tried: `ACCOUNT_RATE_LIMITS`, with allauth's defaults.
public struct RateLimits: Sendable {
    /// What is limited.
    public enum Action: String, Sendable, CaseIterable {
        case login, signup, reauthenticate
        case loginFailed = "login_failed"
        case resetPassword = "reset_password"
        case resetPasswordFromKey = "reset_password_from_key"
        case requestLoginCode = "request_login_code"
        case confirmEmail = "confirm_email"
        case changePassword = "change_password"
        case manageEmail = "manage_email"
    }

    /// One rate: `30/m/ip`.
    public struct Rate: Hashable, Sendable {
        /// The longest duration, in seconds: ten years.
        private static let longest = 315_360_000.0

        /// What attempts are counted under.
        public enum Per: String, Sendable { case ip, user, key }
        public var amount: Int
        /// Seconds.
        public var duration: TimeInterval
        public var per: Per

        public init(_ amount: Int, per duration: TimeInterval, _ per: Per) {
            self.amount = amount
            self.duration = duration
            self.per = per
        }

        /// Parses allauth's notation: `AMOUNT/[N]UNIT[/ip|user|key]`, units `s`, `m`, `h`, `d`; `ip` by default. Nil
        /// for any other text, and for a duration of more than ten years.
        public init?(_ text: String) {
            let parts = text.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
            guard (2...3).contains(parts.count), let amount = Int(parts[0]), amount > 0,
                let unit = ["s": 1.0, "m": 60, "h": 3600, "d": 86400][parts[1].suffix(1)],
                let count = parts[1].count == 1 ? 1 : Int(parts[1].dropLast()),
                (1...Self.longest).contains(Double(count) * unit),
                let per = parts.count == 3 ? Per(rawValue: parts[2]) : .ip
            else { return nil }
            self.init(amount, per: Double(count) * unit, per)
        }
    }

    /// The rates of each action. An action without rates is not limited.
    public var rates: [Action: [Rate]]
    /// `ALLAUTH_RATE_LIMIT_IPV6_PREFIX`: how many bits of an IPv6 address identify a client.
    public var ipv6Prefix = 64

    /// allauth's defaults.
    public init() {
        rates = [
            .login: [Rate(30, per: 60, .ip)],
            .loginFailed: [Rate(10, per: 60, .ip), Rate(5, per: 300, .key)],
            .signup: [Rate(20, per: 60, .ip)],
            .resetPassword: [Rate(20, per: 60, .ip), Rate(5, per: 60, .key)],
            .resetPasswordFromKey: [Rate(20, per: 60, .ip)],
            .requestLoginCode: [Rate(20, per: 60, .ip), Rate(3, per: 60, .key)],
            .confirmEmail: [Self.confirmationLinks],
            .changePassword: [Rate(5, per: 60, .user)],
            .manageEmail: [Rate(10, per: 60, .user)],
            .reauthenticate: [Rate(10, per: 60, .user)],
        ]
    }

    /// allauth's default if addresses are confirmed by link. An earlier link still works, so a mail above the limit is
    /// silently skipped.
    static let confirmationLinks = Rate(1, per: 180, .key)
    /// allauth's default if addresses are confirmed by code. Only the newest code works.
    static let confirmationCodes = Rate(1, per: 10, .key)

    /// No limits at all: `ACCOUNT_RATE_LIMITS=false`.
    public static var off: RateLimits {
        var limits = RateLimits()
        limits.rates = [:]
        return limits
    }

    /// The limits that one attempt counts against. A rate whose key is not known does not apply.
    func uses(_ action: Action, ip: String? = nil, user: User.ID? = nil, key: String? = nil) -> [RateLimitUse]
    {
        (rates[action] ?? []).compactMap { rate in
            let name: String? =
                switch rate.per {
                case .ip: ip.map { NetworkPrefix.of($0, ipv6Bits: ipv6Prefix) }
                case .user: user?.uuidString
                case .key: key
                }
            guard let name else { return nil }
            // Hashed, so that the limiter's file contains no addresses and names.
            let hash = Data(SHA256.hash(data: Data(name.utf8))).base64URL
            return RateLimitUse(
                bucket: "\(action.rawValue):\(rate.per.rawValue):\(hash)", amount: rate.amount,
                per: rate.duration)
        }
    }
}

extension AccountSettings {
    /// The effective rates: the default for confirmation mails depends on how addresses are confirmed.
    var rates: RateLimits {
        var limits = rateLimits
        if emailVerificationByCode, limits.rates[.confirmEmail] == [RateLimits.confirmationLinks] {
            limits.rates[.confirmEmail] = [RateLimits.confirmationCodes]
        }
        return limits
    }
}
