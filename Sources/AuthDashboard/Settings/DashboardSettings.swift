// SPDX-License-Identifier: Apache-2.0
package import AuthFlows
package import AuthSignals
package import Foundation

/// The settings of the dashboard.
package struct DashboardSettings: Sendable {
    /// `DASHBOARD`: whether `/dashboard/` is served.
    package var isEnabled = false
    /// `DASHBOARD_TOKEN`: the secret of the dashboard's log-in; nil for a dashboard that answers only this machine.
    package var token: DashboardToken?
    /// `DASHBOARD_WORKERS`: the metrics pages of workers, such as `http://127.0.0.1:9091/metrics`.
    package var workers: [URL] = []
    /// `BROKER_MANAGEMENT_URL`: RabbitMQ's management API; nil if it is not set.
    package var management: ManagementAddress?

    package init() {}

    /// Reads `DASHBOARD`, `DASHBOARD_TOKEN` and `DASHBOARD_WORKERS`.
    ///
    /// - Parameters:
    ///   - host: `HTTP_HOST`. A dashboard without a token on another address than loopback is a fault.
    ///   - publicURL: `PUBLIC_URL`. A dashboard without a token is a fault if its host is not one of development: a proxy
    ///     that adds no header, as nginx by default, passes requests of other machines on like those of this one.
    package init(reading settings: inout SettingsReader, host: String, publicURL: String) {
        isEnabled = settings.bool("DASHBOARD", default: false)
        if let text = settings.string("DASHBOARD_TOKEN") {
            if text.utf8.count < DashboardToken.shortest {
                settings.fault(
                    "DASHBOARD_TOKEN",
                    "must have at least \(DashboardToken.shortest) characters; generate one with: openssl rand -base64 32"
                )
            } else {
                token = DashboardToken(text)
            }
        } else if isEnabled, !Loopback.isHost(host) {
            settings.fault(
                "DASHBOARD_TOKEN", "is required if DASHBOARD is true and HTTP_HOST is not a loopback address")
        } else if isEnabled, !SignalSettings(source: publicURL).isForDevelopment {
            settings.fault(
                "DASHBOARD_TOKEN",
                "is required if DASHBOARD is true and PUBLIC_URL (by default SIGNALS_SOURCE) is that of a public server"
            )
        }
        for text in settings.list("DASHBOARD_WORKERS", default: []) {
            guard let url = URL(string: text), ["http", "https"].contains(url.scheme?.lowercased()),
                url.host?.isEmpty == false
            else {
                settings.fault(
                    "DASHBOARD_WORKERS",
                    "must be URLs of metrics pages separated by commas, such as http://127.0.0.1:9091/metrics"
                )
                continue
            }
            workers.append(url)
        }
        if workers.count > Self.mostWorkers {
            settings.fault("DASHBOARD_WORKERS", "must have at most \(Self.mostWorkers) URLs")
        }
    }

    /// The maximum number of metrics pages, which are all read every few seconds.
    private static let mostWorkers = 100
}

/// The secret of `DASHBOARD_TOKEN`.
package struct DashboardToken: Secret {
    package let exposedText: String
    package init(_ text: String) { exposedText = text }

    /// The shortest token, in bytes of UTF-8.
    static let shortest = 16
}

/// Where RabbitMQ's management API is, and as which user to call it.
package struct ManagementAddress: Sendable {
    /// `http://HOST:PORT` or `https://HOST:PORT`, without user, path and final slash.
    package var url: URL
    package var user: String
    package var password: Password
    /// The virtual host whose queues are shown.
    package var virtualHost: String

    package init(url: URL, user: String, password: Password, virtualHost: String) {
        self.url = url
        self.user = user
        self.password = password
        self.virtualHost = virtualHost
    }
}
