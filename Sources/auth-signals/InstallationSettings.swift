// SPDX-License-Identifier: Apache-2.0
import AuthBroker
import AuthDashboard
import AuthFlows
import AuthHTTP
import AuthMail
import AuthServiceKit
import AuthProviders
import AuthRelay
import AuthServer
import AuthSignals
import AuthStore
import AuthTelemetry
import Foundation

/// All settings, read together, so that all faults are reported together.
struct InstallationSettings {
    var process: ProcessSettings
    var signals: SignalSettings
    var account: AccountSettings
    var passwords: PasswordHashing
    var broker: BrokerSettings
    var relay: RelaySettings
    var mail: MailSettings
    var server: AuthServerSettings
    var dashboard: DashboardSettings
    /// The broker as the user that inspects dead letters for the dashboard.
    var dashboardBroker: BrokerSettings
    var store: StoreSettings
    /// The configured social log-in providers.
    var providers: SocialProviders
    /// Outgoing HTTP connections to providers and the hook.
    var outgoing: OutgoingHTTP
    /// The external hook before social log-ins, if one is configured.
    var preSocialLogin: PreSocialLoginSettings?
    /// The export of traces; nil if it is off.
    var traces: TraceSettings?
    var secretKey: String?
    var secretKeyFallbacks: [String]
    /// Settings that are valid but most likely a mistake.
    var warnings: [SettingFault] = []
    /// Environment variables with a settings prefix that are not settings.
    var unknownNames: [String] = []

    /// - Parameter needsSource: whether `SIGNALS_SOURCE` must be set.
    /// - Throws: `SettingFaults` with every fault.
    init(
        reading reader: inout SettingsReader, needsSource: Bool = true, faultsForUnknownNames: Bool = false
    ) throws {
        process = ProcessSettings(reading: &reader)
        signals =
            needsSource || reader.string("SIGNALS_SOURCE") != nil
            ? SignalSettings(reading: &reader) : SignalSettings(source: "http://localhost")
        account = AccountSettings(reading: &reader)
        if reader.string("PUBLIC_URL") == nil { account.links.publicURL = signals.source }
        passwords = PasswordHashing(reading: &reader)
        broker = BrokerSettings(reading: &reader)
        broker.connectionName = "auth-signals relay"
        relay = RelaySettings(reading: &reader)
        mail = MailSettings(reading: &reader)
        account.siteName = mail.siteName
        server = AuthServerSettings(reading: &reader)
        dashboard = DashboardSettings(
            reading: &reader, host: server.host, publicURL: account.links.publicURL)
        dashboardBroker = broker.forDashboard(reading: &reader)
        if dashboard.isEnabled, let url = broker.urls.first {
            dashboard.management = ManagementAPI(reading: &reader, url)?.address
        }
        store = StoreSettings(reading: &reader)
        providers = SocialProviders(reading: &reader, queriesEmail: account.asksProvidersForEmail)
        outgoing = OutgoingHTTP(reading: &reader)
        preSocialLogin = PreSocialLoginSettings(reading: &reader)
        traces = TraceSettings(reading: &reader, service: "auth-signals")
        secretKey = reader.string("SECRET_KEY")
        secretKeyFallbacks = reader.list("SECRET_KEY_FALLBACKS", default: [])
        if let secretKey, secretKey.utf8.count < 32 {
            reader.fault(
                "SECRET_KEY", "must have at least 32 characters; generate one with: openssl rand -base64 32")
        }
        if secretKeyFallbacks.contains(where: { $0.utf8.count < 32 }) {
            reader.fault(
                "SECRET_KEY_FALLBACKS",
                "must be former values of SECRET_KEY, each with at least 32 characters")
        }
        Self.checkStore(store, hasSecretKey: secretKey != nil, &reader)
        if secretKey == nil, store.url.path != nil, signals.isSecure || !Loopback.isHost(server.host) {
            reader.fault(
                "SECRET_KEY",
                "is required if SIGNALS_SOURCE is https or HTTP_HOST is not a loopback address")
        }
        // Known settings that only other programs or other commands read.
        _ = ["INBOX_URL", "BROKER_MANAGEMENT_URL", "BROKER_PUBLISHERS"].map { reader.string($0) }
        unknownNames = ProcessEnvironment.unknownNames(known: reader.known)
        if faultsForUnknownNames {
            for name in unknownNames { reader.fault(name, "is not a setting of this program") }
        }
        warnings = reader.warnings + missingPages
        try reader.check()
    }
}

extension InstallationSettings {
    /// The front end's pages that links lead to if the server has none itself.
    private var missingPages: [SettingFault] {
        if server.servesPages { return [] }
        let links = account.links
        var pages = [("ACCOUNT_RESET_PASSWORD", links.resetPassword), ("ACCOUNT_SIGNUP", links.signup)]
        if !account.emailVerificationByCode { pages.append(("ACCOUNT_CONFIRM_EMAIL", links.confirmEmail)) }
        if !account.passwordResetByCode {
            pages.append(("ACCOUNT_RESET_PASSWORD_FROM_KEY", links.resetPasswordFromKey))
        }
        return pages.filter { $0.1 == nil }.map {
            SettingFault("HEADLESS_FRONTEND_URLS_\($0.0)", "is not set, but PAGES=off: links lead to no page")
        }
    }

    /// How the client's address is determined, as text for the operator.
    var clientAddresses: String {
        let address = server.clientAddress
        if let header = address.trustedHeader { return "ok, addresses are taken from \(header)" }
        if address.trustedProxyCount > 0 {
            return
                "ok, addresses are taken from X-Forwarded-For, entry \(address.trustedProxyCount) from the right"
        }
        if account.links.publicURL.lowercased().hasPrefix("https://") {
            return """
                PUBLIC_URL is https, so a reverse proxy forwards requests, but no proxy is trusted: all clients have \
                the proxy's address, and wrong passwords from one client lock all of them out; set \
                ALLAUTH_TRUSTED_PROXY_COUNT or ALLAUTH_TRUSTED_CLIENT_IP_HEADER
                """
        }
        return
            "ok, addresses are those of connections; behind a reverse proxy set ALLAUTH_TRUSTED_PROXY_COUNT"
    }
}
