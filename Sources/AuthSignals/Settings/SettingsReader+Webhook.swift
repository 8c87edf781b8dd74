// SPDX-License-Identifier: Apache-2.0
package import Foundation

extension SettingsReader {
    /// Reads `PREFIX_URL` and `PREFIX_SECRET`: the URL of an external endpoint, and the secret that signs requests to
    /// it; each requires the other.
    ///
    /// - Returns: nil if no URL is set, or a setting is invalid.
    package mutating func webhook(_ prefix: String) -> (url: URL, secret: WebhookSecret)? {
        let (urlName, secretName) = (prefix + "_URL", prefix + "_SECRET")
        let url = value(
            urlName, default: nil as URL?,
            "an https URL without user, password and fragment; http is for this machine only"
        ) { Self.webhookURL($0).map(Optional.some) }
        let form = "whsec_ and 24 to 64 random bytes in base64: echo \"whsec_$(openssl rand -base64 32)\""
        let secret = value(secretName, default: nil as WebhookSecret?, form) {
            WebhookSecret($0).map(Optional.some)
        }
        if url != nil, string(secretName) == nil {
            fault(secretName, "is required with \(urlName): \(form)")
        }
        guard let url, let secret else { return nil }
        return (url, secret)
    }

    private static func webhookURL(_ text: String) -> URL? {
        guard let parts = URLComponents(string: text), parts.user == nil, parts.password == nil,
            parts.fragment == nil, let host = parts.host, !host.isEmpty,
            parts.scheme == "https" || (parts.scheme == "http" && Loopback.isHost(host))
        else { return nil }
        return parts.url
    }
}
