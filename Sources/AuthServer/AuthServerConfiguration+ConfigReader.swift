// SPDX-License-Identifier: Apache-2.0
import AuthFlows
public import AuthSignals
import Foundation

extension AuthServerConfiguration {
    /// Reads `HTTP_HOST`, `HTTP_PORT`, `CSRF_TRUSTED_ORIGINS`, `ALLAUTH_TRUSTED_PROXY_COUNT` and
    /// `ALLAUTH_TRUSTED_CLIENT_IP_HEADER`.
    public init(reading settings: inout SettingsReader) {
        self.init()
        host = settings.name("HTTP_HOST") ?? host
        port = settings.int("HTTP_PORT", default: port, in: 0...65535)
        csrfTrustedOrigins = settings.list("CSRF_TRUSTED_ORIGINS", default: [])
        if !csrfTrustedOrigins.allSatisfy(TrustedOrigins.isOrigin) {
            settings.fault(
                "CSRF_TRUSTED_ORIGINS",
                "must be origins separated by commas, such as https://app.example.org or https://*.example.org"
            )
        }
        clientAddress.trustedProxyCount = settings.int("ALLAUTH_TRUSTED_PROXY_COUNT", default: 0, in: 0...16)
        let header = settings.value(
            "ALLAUTH_TRUSTED_CLIENT_IP_HEADER", default: "", "the name of a header"
        ) { ClientAddress.isHeaderName($0) ? $0 : nil }
        clientAddress.trustedHeader = header.isEmpty ? nil : header
    }
}
