// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthServer
import AuthSignals
import Foundation
import Hummingbird

/// Decides which requests the dashboard answers.
///
/// Without a token only those of this machine: the connection comes from a loopback address, no proxy has forwarded it,
/// and `Host` is a name of the loopback interface, since a page of another site can make its own name resolve to
/// 127.0.0.1 (DNS rebinding). With a token those that have the cookie of a log-in.
struct DashboardAccess: Sendable {
    let cookie: DashboardCookie
    let clientAddress: ClientAddress
    /// `PUBLIC_URL`, for the check of `Origin` behind a proxy that changes `Host`.
    let publicURL: String
    let clock: any WallClock
    private let attempts = AttemptLimit()

    init(cookie: DashboardCookie, clientAddress: ClientAddress, publicURL: String, clock: any WallClock) {
        self.cookie = cookie
        self.clientAddress = clientAddress
        self.publicURL = publicURL
        self.clock = clock
    }

    var requiresToken: Bool { cookie.token != nil }

    /// Whether a request without a log-in may be answered at all.
    func isReachable(_ request: Request, peer: String?) -> Bool {
        if requiresToken { return true }
        guard let peer, Loopback.isHost(Self.plain(peer)),
            !Self.forwarding.contains(where: { request.headers.contains($0) }),
            let host = request.head.authority
        else { return false }
        return Loopback.isHost(Self.host(of: host))
    }

    /// - Parameter isPage: whether the request is for the page itself, which other sites may link to.
    /// - Throws: ``DashboardRefusal`` if the request may not be answered.
    /// - Returns: the cookie's value; nil if a dashboard without a token has not set it yet.
    @discardableResult
    func check(_ request: Request, peer: String?, isPage: Bool = false) throws(DashboardRefusal) -> String? {
        guard isReachable(request, peer: peer) else { throw .notLocal }
        guard isPage || !Self.isOfOtherSite(request) else { throw .foreign }
        let value = cookie.value(of: request, at: clock.now())
        if value == nil, requiresToken { throw .notLoggedIn }
        return value
    }

    /// Checks an action: the cookie, its CSRF token, and a page of this server as the sender.
    func checkAction(_ request: Request, peer: String?) throws(DashboardRefusal) {
        guard let value = try check(request, peer: peer),
            cookie.isValid(csrfToken: request.headers[Self.csrfHeader], for: value),
            isOwnPage(request)
        else { throw .foreign }
    }

    /// Whether a page of this server has sent the request. Browsers send `Origin` with every POST.
    func isOwnPage(_ request: Request) -> Bool {
        guard let origin = request.headers[.origin].flatMap(TrustedOrigins.origin) else { return false }
        if origin == TrustedOrigins.origin(publicURL) { return true }
        guard let host = request.head.authority else { return false }
        return origin == TrustedOrigins.origin("http://" + host)
            || origin == TrustedOrigins.origin("https://" + host)
    }

    /// A log-in's cookie value.
    ///
    /// - Throws: ``DashboardRefusal`` for a wrong token, or after too many of them.
    func logIn(_ token: String, _ request: Request, peer: String?) throws(DashboardRefusal) -> String {
        let address = clientAddress.address(headers: request.headers, peer: peer) ?? "unknown"
        guard attempts.permits(address) else { throw .tooManyAttempts }
        guard cookie.isToken(token) else {
            attempts.recordFailure(of: address)
            throw .wrongToken
        }
        return cookie.issue(at: clock.now())
    }

    private static func plain(_ peer: String) -> String {
        let peer = peer.lowercased()
        return peer.hasPrefix("::ffff:") && peer.contains(".") ? String(peer.dropFirst(7)) : peer
    }

    /// The host of `HOST[:PORT]`.
    private static func host(of authority: String) -> String {
        if authority.hasPrefix("["), let end = authority.firstIndex(of: "]") {
            return String(authority[...end])
        }
        return String(authority.prefix { $0 != ":" })
    }

    /// Whether a page of another site has caused the request, as browsers report it. Such a page could not read the
    /// answer, but it could occupy all event streams and have dead letters read.
    private static func isOfOtherSite(_ request: Request) -> Bool {
        guard let site = request.headers[fetchSiteHeader] else { return false }
        return site != "same-origin" && site != "none"
    }

    private static let fetchSiteHeader = HTTPFields.Element.Name("Sec-Fetch-Site")!
    private static let csrfHeader = HTTPFields.Element.Name("X-CSRFToken")!
    /// The headers that proxies add to forwarded requests.
    private static let forwarding = [
        "X-Forwarded-For", "Forwarded", "X-Real-IP", "X-Forwarded-Host", "X-Forwarded-Proto", "Via",
    ].compactMap { HTTPFields.Element.Name($0) }
}

/// Why the dashboard does not answer a request.
enum DashboardRefusal: Error, Hashable {
    case notLocal, notLoggedIn, wrongToken, tooManyAttempts, foreign

    var status: HTTPResponse.Status {
        switch self {
        case .notLocal, .foreign: .forbidden
        case .notLoggedIn, .wrongToken: .unauthorized
        case .tooManyAttempts: .tooManyRequests
        }
    }

    var message: String {
        switch self {
        case .notLocal:
            "without DASHBOARD_TOKEN the dashboard answers only requests of this machine, to localhost or 127.0.0.1"
        case .notLoggedIn: "log in to the dashboard first"
        case .wrongToken: "the token is wrong"
        case .tooManyAttempts: "too many wrong tokens; try again in a minute"
        case .foreign: "the request does not come from the dashboard's page; load the page anew"
        }
    }
}
