// SPDX-License-Identifier: Apache-2.0
import AuthBroker
import AuthFlows
import AuthHTTP
import AuthMail
import AuthOperations
import AuthProviders
import AuthRelay
import AuthServer
import AuthSignals
import AuthStore
import Foundation

/// Everything that can be set, read at once, so that every fault is said at once.
struct InstallationSettings {
    var operation: OperationSettings
    var signals: SignalSettings
    var account: AccountSettings
    var passwords: PasswordHashing
    var broker: BrokerConfiguration
    var relay: RelayConfiguration
    var mail: MailConfiguration
    var server: AuthServerConfiguration
    var store: StoreSettings
    /// Whose accounts people may log in with.
    var providers: SocialProviders
    /// How providers and the hook are reached.
    var outgoing: OutgoingHTTP
    /// The hook before social log-ins, where it is somebody else's.
    var preSocialLogin: PreSocialLoginSettings?
    var secretKey: String?
    var secretKeyFallbacks: [String]
    /// Settings that are most likely a mistake.
    var warnings: [SettingFault] = []
    /// Names that look like settings and are none.
    var unknownNames: [String] = []

    /// - Parameter needsSource: whether `SIGNALS_SOURCE` must be set.
    /// - Throws: `SettingFaults` with every fault.
    init(
        reading reader: inout SettingsReader, needsSource: Bool = true, faultsForUnknownNames: Bool = false
    ) throws {
        operation = OperationSettings(reading: &reader)
        signals =
            needsSource || reader.string("SIGNALS_SOURCE") != nil
            ? SignalSettings(reading: &reader) : SignalSettings(source: "http://localhost")
        account = AccountSettings(reading: &reader)
        if reader.string("PUBLIC_URL") == nil { account.links.publicURL = signals.source }
        passwords = PasswordHashing(reading: &reader)
        broker = BrokerConfiguration(reading: &reader)
        broker.connectionName = "auth-signals relay"
        relay = RelayConfiguration(reading: &reader)
        relay.required = signals.required
        mail = MailConfiguration(reading: &reader)
        account.siteName = mail.siteName
        server = AuthServerConfiguration(reading: &reader)
        store = StoreSettings(reading: &reader)
        providers = SocialProviders(reading: &reader, queriesEmail: account.asksProvidersForEmail)
        outgoing = OutgoingHTTP(reading: &reader)
        preSocialLogin = PreSocialLoginSettings(reading: &reader)
        secretKey = reader.string("SECRET_KEY")
        secretKeyFallbacks = reader.list("SECRET_KEY_FALLBACKS", default: [])
        if let secretKey, secretKey.utf8.count < 32 {
            reader.fault("SECRET_KEY", "must have at least 32 characters: openssl rand -base64 32 makes one")
        }
        if secretKeyFallbacks.contains(where: { $0.utf8.count < 32 }) {
            reader.fault(
                "SECRET_KEY_FALLBACKS",
                "must have former values of SECRET_KEY, each of at least 32 characters")
        }
        if secretKey == nil, signals.isSecure || !Loopback.isHost(server.host) {
            reader.fault(
                "SECRET_KEY",
                "must be set where SIGNALS_SOURCE is https or HTTP_HOST is not a loopback address")
        }
        // Read by others than this program, or by parts of it that are not in use now.
        _ = ["INBOX_URL", "BROKER_MANAGEMENT_URL", "BROKER_PUBLISHERS"].map { reader.string($0) }
        unknownNames = Environment.unknownNames(known: reader.known)
        if faultsForUnknownNames {
            for name in unknownNames { reader.fault(name, "is no setting of this program") }
        }
        warnings = reader.warnings
        try reader.check()
    }
}

extension InstallationSettings {
    /// Whose address a client's is, for the operator.
    var clientAddresses: String {
        let address = server.clientAddress
        if let header = address.trustedHeader { return "ok, their address is in \(header)" }
        if address.trustedProxyCount > 0 {
            return "ok, their address is in X-Forwarded-For, \(address.trustedProxyCount) from the right"
        }
        if account.links.publicURL.lowercased().hasPrefix("https://") {
            return """
                PUBLIC_URL is https, so a reverse proxy forwards requests, and none is trusted: every client has the \
                proxy's address, and one client's wrong passwords lock everybody out; set \
                ALLAUTH_TRUSTED_PROXY_COUNT or ALLAUTH_TRUSTED_CLIENT_IP_HEADER
                """
        }
        return "ok, their address is the connection's; behind a reverse proxy set ALLAUTH_TRUSTED_PROXY_COUNT"
    }
}
