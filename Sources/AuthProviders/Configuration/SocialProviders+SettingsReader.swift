// SPDX-License-Identifier: Apache-2.0
import AuthFlows
public import AuthSignals
import Foundation

extension SocialProviders {
    /// Reads `SOCIALACCOUNT_PROVIDERS`, a file that docs/providers.md describes, `SOCIALACCOUNT_DUMMY`,
    /// `SOCIALACCOUNT_OPENID_CONNECT_URL_PREFIX` and `SOCIALACCOUNT_REQUESTS_TIMEOUT`. The errors of all providers are
    /// collected in `settings`.
    ///
    /// - Parameters:
    ///   - settings: Reads the settings, and collects the errors.
    ///   - queriesEmail: `SOCIALACCOUNT_QUERY_EMAIL`: whether addresses are requested from providers.
    public init(reading settings: inout SettingsReader, queriesEmail: Bool = true) {
        self.init()
        limits.timeout = settings.seconds(
            "SOCIALACCOUNT_REQUESTS_TIMEOUT", default: limits.timeout, in: 1...60)
        readDummy(from: &settings)
        let prefix = settings.string("SOCIALACCOUNT_OPENID_CONNECT_URL_PREFIX")
        if let prefix, !Self.isID(prefix) {
            settings.fault(
                "SOCIALACCOUNT_OPENID_CONNECT_URL_PREFIX",
                "must be 1 to 200 characters of a-z, 0-9, -, _ and .")
        }
        if let path = settings.string(Self.name) { readFile(path, queriesEmail, prefix, from: &settings) }
    }

    private static let name = "SOCIALACCOUNT_PROVIDERS"

    private mutating func readDummy(from settings: inout SettingsReader) {
        guard settings.bool("SOCIALACCOUNT_DUMMY", default: false) else { return }
        let source = settings.string("SIGNALS_SOURCE") ?? ""
        let address = settings.string("PUBLIC_URL") ?? source
        guard !source.lowercased().hasPrefix("https:"), !address.lowercased().hasPrefix("https:") else {
            settings.fault(
                "SOCIALACCOUNT_DUMMY",
                "must not be true if SIGNALS_SOURCE or PUBLIC_URL is https: it lets anyone log in as any user"
            )
            return
        }
        dummyURL = URL(string: address)
        if dummyURL?.host == nil {
            settings.fault("SOCIALACCOUNT_DUMMY", "requires PUBLIC_URL, or an http URL as SIGNALS_SOURCE")
            dummyURL = nil
        }
    }

    private mutating func readFile(
        _ path: String, _ queriesEmail: Bool, _ callbackPrefix: String?, from settings: inout SettingsReader
    ) {
        let text: String
        switch SecretFile.read(path, isSecret: false) {
        case .success(let found): text = found
        case .failure(let failure): return settings.fault(Self.name, "names a file that \(failure.what)")
        }
        guard case .array(let list)? = try? JSONDecoder().decode(JSONValue.self, from: Data(text.utf8)) else {
            return settings.fault(Self.name, "names a file that is not a JSON list: see docs/providers.md")
        }
        let folder = URL(fileURLWithPath: path).deletingLastPathComponent()
        var ids: Set<String> = []
        var holdsSecrets = false
        for (index, value) in list.enumerated() {
            guard case .object(let members) = value, let kindID = members["provider"]?.string else {
                settings.fault(Self.name, "entry \(index + 1) is not an object with a member provider")
                continue
            }
            guard let kind = ProviderKind.named(kindID) else {
                // The value may be anything, even a secret, so it is not quoted.
                let kinds = ProviderKind.all.map(\.id).joined(separator: ", ")
                settings.fault(Self.name, "entry \(index + 1): provider must be one of \(kinds)")
                continue
            }
            let entry = "entry \(index + 1) (\(kind.id))"
            var reading = ProviderEntry(
                members, folder: folder, environment: Self.environment(of: members, &settings))
            var configured = Self.configured(kind, &reading, queriesEmail)
            if kind.id == "openid_connect" { configured?.app.callbackPrefix = callbackPrefix }
            holdsSecrets = holdsSecrets || reading.holdsSecrets
            for fault in reading.faults { settings.fault(Self.name, "\(entry): \(fault)") }
            guard let configured else { continue }
            if !ids.insert(configured.id).inserted || configured.id == "dummy" {
                settings.fault(Self.name, "\(entry): another provider has the same id")
            }
            self.configured.append(configured)
        }
        if holdsSecrets, SecretFile.isExposed(path) {
            settings.fault(Self.name, "names a file that \(SecretFile.exposed.what)")
        }
    }

    /// The values of `env:NAME` in an entry; read by name, so that the names are known as settings.
    private static func environment(
        of members: [String: JSONValue], _ settings: inout SettingsReader
    ) -> [String: String] {
        var found: [String: String] = [:]
        for case let text? in ProviderEntry.secrets.map({ members[$0]?.string }) where text.hasPrefix("env:")
        {
            let variable = String(text.dropFirst(4))
            found[variable] = settings.lines(variable)
        }
        return found
    }

    private static func configured(
        _ kind: ProviderKind, _ entry: inout ProviderEntry, _ queriesEmail: Bool
    ) -> Configured? {
        let definition = kind.definition(&entry)
        let clientID = entry.requiredText("client_id")
        var app = SocialApp(clientID: clientID ?? "", secret: entry.secret("secret").map(ClientSecret.init))
        app.id = entry.text("id")
        if let id = app.id, !isID(id) {
            entry.fault("id must be 1 to 200 characters of a-z, 0-9, -, _ and .")
        }
        app.name = entry.text("name")
        app.otherClientIDs = entry.texts("other_client_ids") ?? []
        app.scope = entry.texts("scope")
        app.queriesEmail = queriesEmail
        app.authentication = entry.choice("token_auth_method", ClientAuthentication.self)
        app.usesPKCE = entry.flag("oauth_pkce_enabled")
        app.authorizationParameters = entry.table("auth_params") ?? [:]
        app.uidField = entry.text("uid_field")
        app.emailAuthentication = entry.flag("email_authentication")
        app.emailAuthenticationAutoConnect = entry.flag("email_authentication_auto_connect")
        app.verifiedEmail =
            entry.value("verified_email", "true, false or a list of domains") { value in
                if let all = value.bool { return all ? .all : .asTold }
                guard case .array(let domains) = value else { return nil }
                let texts = domains.compactMap { $0.string.flatMap { DomainName($0)?.ascii } }
                return texts.count == domains.count ? .domains(Set(texts)) : nil
            } ?? .asTold
        var result = definition
        if case .openID(var openID)? = definition {
            openID.fetchesUserInfo = entry.flag("fetch_userinfo") ?? openID.fetchesUserInfo
            openID.configurationOverrides = overrides(&entry, of: openID)
            result = .openID(openID)
        }
        if definition != nil { entry.checkUnknown() }
        guard let result, clientID != nil else { return nil }
        return Configured(definition: result, app: app)
    }

    private static func overrides(
        _ entry: inout ProviderEntry, of definition: OpenIDDefinition
    ) -> [String: JSONValue] {
        let name = "openid_configuration_overrides"
        let members: [String: JSONValue] =
            entry.value(name, "an object of members of the discovery document") { value in
                if case .object(let members) = value { members } else { nil }
            } ?? [:]
        if !members.isEmpty, definition.configuration != nil {
            entry.fault("\(name): this provider has no discovery document")
        }
        for (member, value) in members.sorted(by: { $0.key < $1.key }) {
            guard member == "jwks_uri" || member.hasSuffix("_endpoint") || member == "issuer" else {
                continue
            }
            let url = value.string.flatMap(URLComponents.init(string:))
            guard url?.host?.isEmpty == false,
                url?.scheme == "https" || (definition.allowsPlainHTTP && url?.scheme == "http")
            else {
                entry.fault("\(name): \(member) must be an https URL, or http if the issuer is")
                continue
            }
        }
        return members
    }

    private static func isID(_ text: String) -> Bool {
        (1...200).contains(text.utf8.count)
            && text.utf8.allSatisfy { byte in
                (0x61...0x7A).contains(byte) || (0x30...0x39).contains(byte) || "-_.".utf8.contains(byte)
            }
    }
}
