// SPDX-License-Identifier: Apache-2.0
public import AuthFlows
import AuthSignals
import Foundation
public import Hummingbird
import Synchronization

/// allauth's headless API, as routes for any Hummingbird router: `/_allauth/{client}/v1/…`, `client` being
/// `app` or `browser`.
///
/// ```swift
/// let router = Router(context: BasicAuthRequestContext.self)
/// AuthRoutes(accounts: accounts, settings: settings).addRoutes(to: router)
/// ```
///
/// ``AccountPages`` has the built-in pages to which links in mails lead without a front end. Any request context can be
/// used; signals and rate limits have the client's address if it is an ``AuthRequestContext`` or a
/// `RemoteAddressRequestContext`.
public struct AuthRoutes: Sendable {
    let accounts: Accounts
    let settings: AuthServerSettings

    public init(accounts: Accounts, settings: AuthServerSettings) {
        self.accounts = accounts
        self.settings = settings
    }

    /// Adds all endpoints, for both kinds of client, and the callbacks of providers:
    /// `/accounts/{provider}/login/callback/`, the default redirect URI (as in allauth), and
    /// `/accounts/oidc/{provider}/login/callback/`, allauth's redirect URI for its `openid_connect` providers. All
    /// other paths below `/_allauth` return 404 or 405 in the API's format.
    public func addRoutes<Context>(to router: some RouterMethods<Context>) {
        for kind in ClientKind.allCases {
            let routes = APIRoutes(
                endpoint: APIEndpoint(kind, accounts, settings),
                group: router.group(RouterPath("/_allauth/\(kind.rawValue)/v1")))
            addConfiguration(to: routes)
            addAuthentication(to: routes)
            addEmailVerification(to: routes)
            addPasswords(to: routes)
            addLoginCodes(to: routes)
            addEmailAddresses(to: routes)
            addSessions(to: routes)
            addProviders(to: routes)
            routes.refuseOtherMethods()
        }
        let clients = ClientKind.allCases.flatMap {
            ["/_allauth/\($0.rawValue)", "/_allauth/\($0.rawValue)/v1"]
        }
        for path in ["/_allauth", "/_allauth/**"] + clients {
            for method in HTTPRequest.Method.usual {
                router.on(RouterPath(path), method: method) { request, _ in
                    try APIResponse(.notFound).response(to: request)
                }
            }
        }
        ProviderRoutes(accounts: accounts, settings: settings).addRoutes(to: router)
    }

    /// `config`: the API's configuration, and a browser's CSRF token.
    private func addConfiguration<Context>(to routes: APIRoutes<Context>) {
        routes.get("config") { call in
            var answer = APIResponse(.ok, data: call.ways.json)
            answer.showsCSRFToken = true
            return answer
        }
    }
}

extension HTTPRequest.Method {
    /// The methods for which routes are added; other methods get Hummingbird's default response.
    static let usual: [HTTPRequest.Method] = [.get, .head, .post, .put, .patch, .delete, .options]
}

/// The routes of one kind of client; each handler receives an authorized, parsed call.
struct APIRoutes<Context: Hummingbird.RequestContext> {
    typealias Handler = @Sendable (APICall) async throws -> APIResponse

    let endpoint: APIEndpoint
    let group: RouterGroup<Context>
    private let methods = RouteMethods()

    init(endpoint: APIEndpoint, group: RouterGroup<Context>) {
        self.endpoint = endpoint
        self.group = group
    }

    func get(_ path: RouterPath, _ handle: @escaping Handler) { on(path, .get, handle) }
    func post(_ path: RouterPath, _ handle: @escaping Handler) { on(path, .post, handle) }
    func put(_ path: RouterPath, _ handle: @escaping Handler) { on(path, .put, handle) }
    func patch(_ path: RouterPath, _ handle: @escaping Handler) { on(path, .patch, handle) }
    func delete(_ path: RouterPath, _ handle: @escaping Handler) { on(path, .delete, handle) }

    private func on(_ path: RouterPath, _ method: HTTPRequest.Method, _ handle: @escaping Handler) {
        let endpoint = endpoint
        methods.add(method, of: path)
        group.on(path, method: method) { request, context in
            try await endpoint.respond(to: request, context, handle)
        }
        if method != .get { return }
        methods.add(.head, of: path)
        group.on(path, method: .head) { request, context in
            try await endpoint.respond(to: request, context, handle).createHeadResponse()
        }
    }

    /// Adds routes that return 405 with `Allow` for other methods of a known path, and 404 for a path that is only a
    /// prefix of others. Call it after all other routes were added.
    func refuseOtherMethods() {
        let paths = Set(methods.all.map(\.path.description))
        let parents = Set(
            paths.flatMap { path in
                let words = path.split(separator: "/")
                return (1..<max(1, words.count)).map { words.prefix($0).joined(separator: "/") }
            })
        for parent in parents.subtracting(paths).subtracting(paths.map { String($0.drop { $0 == "/" }) }) {
            for method in HTTPRequest.Method.usual {
                group.on(RouterPath(parent), method: method) { request, _ in
                    try APIResponse(.notFound).response(to: request)
                }
            }
        }
        for (path, allowed) in methods.all {
            let list = allowed.map(\.rawValue).sorted().joined(separator: ", ")
            for method in HTTPRequest.Method.usual where !allowed.contains(method) {
                group.on(path, method: method) { request, _ in
                    var response = try APIResponse(.methodNotAllowed).response(to: request)
                    response.headers[.allow] = list
                    return response
                }
            }
        }
    }
}

/// The methods of all paths of one kind of client.
private final class RouteMethods: Sendable {
    private let known = Mutex<[String: (path: RouterPath, methods: Set<HTTPRequest.Method>)]>([:])

    var all: [(path: RouterPath, methods: Set<HTTPRequest.Method>)] { known.withLock { Array($0.values) } }

    func add(_ method: HTTPRequest.Method, of path: RouterPath) {
        known.withLock { _ = $0[path.description, default: (path, [])].methods.insert(method) }
    }
}
