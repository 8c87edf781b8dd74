// SPDX-License-Identifier: Apache-2.0
import Foundation

/// The settings of an installation's signals: `SIGNALS_SOURCE` and the other `SIGNALS_…` settings of what is published.
/// `SIGNALS_REQUIRED` is a setting of the relay.
public struct SignalSettings: Sendable {
    /// `SIGNALS_SOURCE`: the absolute URI of this installation; one source, one store.
    public var source: String
    /// `SIGNALS_SCHEMA_BASE`; `<source>/schemas` if nil.
    public var schemaBase: String?
    /// `SIGNALS_APP_ID`; the host part of `source` if nil.
    public var appID: String?
    /// `SIGNALS_PAYLOAD`.
    public var payload: PayloadProfile = .standard
    /// `SIGNALS_TOKEN_KEYS`; if nil, no signal contains a provider's token.
    public var tokenKeys: TokenKeys?
    /// `SIGNALS_TOKEN_REFRESH`: whether sealed tokens include the refresh token.
    public var sendsRefreshTokens = false

    public init(source: String) { self.source = source }

    /// Reads the settings; `SIGNALS_SOURCE` is required.
    public init(reading reader: inout SettingsReader) { self.init(reading: &reader, defaultSource: nil) }

    /// - Parameter defaultSource: the source if `SIGNALS_SOURCE` is not set; nil: it is required.
    package init(reading reader: inout SettingsReader, defaultSource: String?) {
        source = defaultSource ?? ""
        if let text = reader.string("SIGNALS_SOURCE") {
            source = text
            if !Self.isAbsoluteURI(text) {
                reader.fault(
                    "SIGNALS_SOURCE", "must be an absolute URI, for example https://accounts.example.org")
            }
        } else if defaultSource == nil {
            reader.fault(
                "SIGNALS_SOURCE",
                "is required: the absolute URI of this installation, for example https://accounts.example.org"
            )
        }
        schemaBase = reader.string("SIGNALS_SCHEMA_BASE")
        if let schemaBase, !Self.isAbsoluteURI(schemaBase) {
            reader.fault("SIGNALS_SCHEMA_BASE", "must be an absolute URI")
        }
        appID = reader.name("SIGNALS_APP_ID")
        if let appID, appID.utf8.count > 255 { reader.fault("SIGNALS_APP_ID", "may have at most 255 bytes") }
        payload = reader.choice(
            "SIGNALS_PAYLOAD", default: .standard, ["standard": .standard, "thin": .thin])
        tokenKeys = TokenKeys(reading: &reader)
        sendsRefreshTokens = reader.bool("SIGNALS_TOKEN_REFRESH", default: false)
        if sendsRefreshTokens, reader.string(TokenKeys.settingName) == nil {
            reader.fault(
                "SIGNALS_TOKEN_REFRESH", "has no effect without \(TokenKeys.settingName), which seals tokens")
        }
    }

    /// The codec of this installation; it omits providers' tokens. `AuthFlows` has one that seals them.
    public var codec: SignalCodec {
        SignalCodec(source: source, schemaBase: schemaBase, appID: appID, profile: payload)
    }

    /// Whether the installation is served over https.
    public var isSecure: Bool { source.lowercased().hasPrefix("https:") }

    /// Whether the source is that of a developer's installation: its host is the loopback interface, a host name that
    /// RFC 2606 or RFC 6762 reserves (`.localhost`, `.test`, `.example`, `.invalid`, `.local`), or `example.com`,
    /// `example.net` or `example.org`, or below one of these.
    package var isForDevelopment: Bool {
        guard let parts = URLComponents(string: source),
            ["http", "https"].contains(parts.scheme?.lowercased()),
            // With its escapes: in `evil.com%2f.test` the decoded host would end at the slash for other programs.
            var host = parts.percentEncodedHost?.lowercased(), !host.contains("%")
        else { return false }
        if Loopback.isHost(host) { return true }
        if host.hasSuffix(".") { host.removeLast() }
        let labels = host.split(separator: ".", omittingEmptySubsequences: false)
        guard let last = labels.last else { return false }
        if ["localhost", "test", "example", "invalid", "local"].contains(last) { return true }
        return labels.count >= 2 && labels[labels.count - 2] == "example"
            && ["com", "net", "org"].contains(last)
    }

    /// RFC 3986, section 4.3: a scheme and a non-empty rest, without a fragment; and without user or password, since
    /// the URI is part of every message.
    private static func isAbsoluteURI(_ text: String) -> Bool {
        guard text.utf8.count <= 1024, EventReader.isURI(text), let parts = URLComponents(string: text),
            let scheme = parts.scheme,
            !scheme.isEmpty, parts.fragment == nil, parts.user == nil, parts.password == nil
        else { return false }
        return ["http", "https"].contains(scheme.lowercased())
            ? parts.host?.isEmpty == false : text.count > scheme.count + 1
    }
}
