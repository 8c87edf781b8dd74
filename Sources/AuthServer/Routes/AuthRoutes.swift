// SPDX-License-Identifier: Apache-2.0
public import AuthFlows
import AuthSignals
import Foundation
public import Hummingbird

/// allauth's headless API, as routes for any Hummingbird router: `/_allauth/{client}/v1/…`, `client` being
/// `app` or `browser`.
///
/// ```swift
/// let router = Router(context: BasicAuthRequestContext.self)
/// AuthRoutes(accounts: accounts, configuration: configuration).addRoutes(to: router)
/// ```
///
/// ``AccountPages`` has the plain pages that links of mails lead to where there is no front end. Any request
/// context will do; with an ``AuthRequestContext``, or a `RemoteAddressRequestContext`, signals and
/// rate limits know the client's address.
public struct AuthRoutes: Sendable {
    let accounts: Accounts
    let configuration: AuthServerConfiguration

    public init(accounts: Accounts, configuration: AuthServerConfiguration) {
        self.accounts = accounts
        self.configuration = configuration
    }

    /// Adds every endpoint, for both kinds of client.
    public func addRoutes<Context>(to router: some RouterMethods<Context>) {
        for kind in ClientKind.allCases {
            let routes = APIRoutes(
                endpoint: APIEndpoint(kind, accounts, configuration),
                group: router.group(RouterPath("/_allauth/\(kind.rawValue)/v1")))
            routes.get("config") { call in Answer(.ok, data: call.accounts.settings.json) }
            addAuthentication(to: routes)
            addEmailVerification(to: routes)
            addPasswords(to: routes)
            addLoginCodes(to: routes)
            addEmailAddresses(to: routes)
            addSessions(to: routes)
        }
    }
}

/// A client's routes; each handler is given a call that was read and allowed.
struct APIRoutes<Context: Hummingbird.RequestContext> {
    typealias Handler = @Sendable (APICall) async throws -> Answer

    let endpoint: APIEndpoint
    let group: RouterGroup<Context>

    func get(_ path: RouterPath, _ handle: @escaping Handler) { on(path, .get, handle) }
    func post(_ path: RouterPath, _ handle: @escaping Handler) { on(path, .post, handle) }
    func put(_ path: RouterPath, _ handle: @escaping Handler) { on(path, .put, handle) }
    func patch(_ path: RouterPath, _ handle: @escaping Handler) { on(path, .patch, handle) }
    func delete(_ path: RouterPath, _ handle: @escaping Handler) { on(path, .delete, handle) }

    private func on(_ path: RouterPath, _ method: HTTPRequest.Method, _ handle: @escaping Handler) {
        let endpoint = endpoint
        group.on(path, method: method) { request, context in
            try await endpoint.respond(to: request, context, handle)
        }
    }
}
