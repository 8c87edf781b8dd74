// SPDX-License-Identifier: Apache-2.0

/// The configuration of the HTTP server. `AccountSettings` has the settings of the flows, including `PUBLIC_URL`, the
/// URL at which browsers reach this server: with `https`, cookies are `Secure` and have the prefix `__Host-`.
public struct AuthServerSettings: Sendable {
    /// `HTTP_HOST`: the address to listen on.
    public var host = "127.0.0.1"
    /// `HTTP_PORT`: 0 to 65535; 0 selects a free port.
    public var port = 8080
    /// `CSRF_TRUSTED_ORIGINS`: other origins whose pages may send requests for a browser's session, such as
    /// `https://app.example.org` or `https://*.example.org`.
    public var csrfTrustedOrigins: [String] = []
    /// How the client's address is determined.
    public var clientAddress = ClientAddress()
    /// `HTTP_MAX_CONNECTIONS`: the maximum number of concurrent connections, for the code that starts the listener.
    public var maximumConnections = 4096
    /// `HTTP_BODY_TIMEOUT`: the maximum time to receive a request's body; an incomplete one is answered with 408.
    public var bodyTimeout = Duration.seconds(30)
    /// `HTTP_DRAIN`: how long a server that stops still serves while `/readyz` answers 503; 0 to 20 seconds. For the code
    /// that runs the server.
    public var drainDuration = Duration.zero
    /// `CSRF_COOKIE_NAME`: the cookie whose value a page copies into `X-CSRFToken`.
    public var csrfCookieName = "csrftoken"

    /// `PAGES`: whether ``AccountPages`` adds its pages. Without them, links in mails need the front end of
    /// `HEADLESS_FRONTEND_URLS_…`.
    public var servesPages = true
    /// The style sheet and the logo of the pages; `PAGES_FOLDER` replaces them.
    public var pageFiles = PageFiles.builtIn

    /// The maximum size of a request's body in bytes.
    public static let bodyLimit = 64 * 1024

    public init() {}
}
