// SPDX-License-Identifier: Apache-2.0
import AuthFlows
public import AuthSignals
import Foundation

extension AuthServerSettings {
    /// Reads `HTTP_HOST`, `HTTP_PORT`, `HTTP_MAX_CONNECTIONS`, `HTTP_BODY_TIMEOUT`, `HTTP_DRAIN`,
    /// `CSRF_TRUSTED_ORIGINS`, `CSRF_COOKIE_NAME`, `PAGES`, `PAGES_FOLDER`, `ALLAUTH_TRUSTED_PROXY_COUNT` and
    /// `ALLAUTH_TRUSTED_CLIENT_IP_HEADER`. The files of `PAGES_FOLDER` are read here, so that a folder that cannot be
    /// used is found when the program starts.
    public init(reading settings: inout SettingsReader) {
        self.init()
        host = settings.host("HTTP_HOST", default: host, port: "HTTP_PORT")
        port = settings.int("HTTP_PORT", default: port, in: 0...65535)
        maximumConnections = settings.int(
            "HTTP_MAX_CONNECTIONS", default: maximumConnections, in: 1...1_000_000)
        bodyTimeout = settings.seconds("HTTP_BODY_TIMEOUT", default: bodyTimeout, in: 1...3600)
        drainDuration = settings.seconds("HTTP_DRAIN", default: drainDuration, in: 0...20)
        csrfTrustedOrigins = settings.list("CSRF_TRUSTED_ORIGINS", default: [])
        if !csrfTrustedOrigins.allSatisfy(TrustedOrigins.isOrigin) {
            settings.fault(
                "CSRF_TRUSTED_ORIGINS",
                "must be origins separated by commas, such as https://app.example.org or https://*.example.org"
            )
        }
        csrfCookieName = settings.value(
            "CSRF_COOKIE_NAME", default: csrfCookieName,
            "the name of a cookie: letters, digits, - and _, up to 64; not the session's"
        ) { BrowserCookies.isCookieName($0) ? $0 : nil }
        servesPages = settings.value("PAGES", default: servesPages, "on or off") { text in
            switch text.lowercased() {
            case "on", "true": true
            case "off", "false": false
            default: nil
            }
        }
        if let folder = settings.string("PAGES_FOLDER") {
            do throws(PageFilesError) {
                pageFiles = try PageFiles(folder: folder)
            } catch {
                settings.fault("PAGES_FOLDER", "cannot be used: \(error.message)")
            }
        }
        clientAddress.trustedProxyCount = settings.int("ALLAUTH_TRUSTED_PROXY_COUNT", default: 0, in: 0...16)
        let header = settings.value(
            "ALLAUTH_TRUSTED_CLIENT_IP_HEADER", default: "", "the name of a header"
        ) { ClientAddress.isHeaderName($0) ? $0 : nil }
        clientAddress.trustedHeader = header.isEmpty ? nil : header
    }
}
