// SPDX-License-Identifier: Apache-2.0

/// How the HTTP face behaves. What the flows do is in `AccountSettings`, and there is `PUBLIC_URL` too, where
/// browsers reach this server: with `https` cookies are `Secure` and `__Host-`.
public struct AuthServerConfiguration: Sendable {
    /// `HTTP_HOST`: the address to listen on.
    public var host = "127.0.0.1"
    /// `HTTP_PORT`: 0 to 65535; 0 takes a free one.
    public var port = 8080
    /// `CSRF_TRUSTED_ORIGINS`: other origins whose pages may speak for a browser, such as
    /// `https://app.example.org` or `https://*.example.org`.
    public var csrfTrustedOrigins: [String] = []
    /// Where a client's address is found.
    public var clientAddress = ClientAddress()
    /// `HTTP_MAX_CONNECTIONS`: how many connections are served at a time, for whoever listens.
    public var maximumConnections = 4096
    /// `HTTP_BODY_TIMEOUT`: how long a request's body may take; one that is not complete then is answered 408.
    public var bodyTimeout = Duration.seconds(30)
    /// `CSRF_COOKIE_NAME`: the cookie that a page copies into `X-CSRFToken`.
    public var csrfCookieName = "csrftoken"

    /// The most bytes that a request's body may have.
    public static let bodyLimit = 64 * 1024

    public init() {}
}
