// SPDX-License-Identifier: Apache-2.0
import AuthSignals
import Foundation

/// Where the `webhook` handler posts to.
struct WebhookSettings: Sendable {
    /// `CONSUMER_WEBHOOK_URL`: https, or http to this host itself.
    var url: String
    /// `CONSUMER_WEBHOOK_SECRET`: `whsec_…`.
    var secret: WebhookSecret
    /// `CONSUMER_WEBHOOK_TIMEOUT`, seconds.
    var timeout: Duration

    /// Nil where no URL is set; faults are left in the reader.
    init?(reading reader: inout SettingsReader) {
        timeout = reader.seconds("CONSUMER_WEBHOOK_TIMEOUT", default: .seconds(10), in: 1...300)
        let secret = reader.string("CONSUMER_WEBHOOK_SECRET")
        guard let url = reader.string("CONSUMER_WEBHOOK_URL") else { return nil }
        guard let parts = URLComponents(string: url), let host = parts.host, !host.isEmpty,
            parts.user == nil, parts.fragment == nil,
            parts.scheme == "https" || (parts.scheme == "http" && Self.isLoopback(host))
        else {
            reader.fault(
                "CONSUMER_WEBHOOK_URL",
                "must be an https:// address without a user; http:// is for this host's own only")
            return nil
        }
        guard let secret = secret.flatMap({ WebhookSecret($0) }) else {
            reader.fault(
                "CONSUMER_WEBHOOK_SECRET",
                "must be whsec_ and 24 to 64 random bytes in base64: echo whsec_$(openssl rand -base64 32)")
            return nil
        }
        self.url = url
        self.secret = secret
    }

    private static func isLoopback(_ host: String) -> Bool {
        ["localhost", "::1", "[::1]"].contains(host)
            || host.hasPrefix("127.") && host.split(separator: ".").count == 4
                && host.allSatisfy { $0.isNumber || $0 == "." }
    }
}
