// SPDX-License-Identifier: Apache-2.0
package import AuthServer
import AuthSignals
import Foundation
package import Hummingbird
import Logging

extension Dashboard {
    /// Adds the routes under `/dashboard/`. Log-ins and actions are logged; what an open page reads is not.
    package func addRoutes<Context: AuthRequestContext>(to router: some RouterMethods<Context>) {
        let routes = DashboardRoutes<Context>(
            dashboard: self, group: router.group("/dashboard"),
            actions: router.group("/dashboard").add(middleware: RequestLogMiddleware()))
        routes.addPage()
        routes.addSignals()
        routes.addMails()
        routes.addDeadLetters()
    }
}

/// The routes of the dashboard: the one place with the checks of access and with errors.
struct DashboardRoutes<Context: AuthRequestContext> {
    let dashboard: Dashboard
    let group: RouterGroup<Context>
    /// The group whose requests are logged.
    let actions: RouterGroup<Context>

    /// Adds a resource that requires access.
    func get(
        _ path: RouterPath, _ handle: @escaping @Sendable (Request, Context) async throws -> Response
    ) {
        let dashboard = dashboard
        group.get(path) { request, context in
            try await dashboard.answering(context) {
                try dashboard.access.check(request, peer: context.peerAddress)
                return try await handle(request, context)
            }
        }
    }

    /// Adds an action that requires access and the proof that the dashboard's page has sent it.
    func action(
        _ path: RouterPath, _ handle: @escaping @Sendable (Request, Context) async throws -> String
    ) {
        let dashboard = dashboard
        actions.post(path) { request, context in
            try await dashboard.answering(context) {
                try dashboard.access.checkAction(request, peer: context.peerAddress)
                return try .dashboard(["message": .string(try await handle(request, context))] as JSONValue)
            }
        }
    }
}

extension Dashboard {
    /// Runs a handler, and answers its errors as JSON.
    func answering(
        _ context: some AuthRequestContext, _ handle: () async throws -> Response
    ) async throws -> Response {
        do {
            return try await handle()
        } catch let refusal as DashboardRefusal {
            return try .dashboard(["error": .string(refusal.message)] as JSONValue, status: refusal.status)
        } catch let error as DashboardError {
            let status: HTTPResponse.Status =
                switch error.code {
                case .notFound: .notFound
                case .invalidValue: .badRequest
                case .busy: .conflict
                case .unreachable: .serviceUnavailable
                default: .internalServerError
                }
            return try .dashboard(["error": .string(error.message)] as JSONValue, status: status)
        } catch let error where !(error is CancellationError) {
            // The error may name a path or an address.
            context.logger.error("dashboard request failed", metadata: ["error": "\(error)"])
            return try .dashboard(
                ["error": "the store cannot be read now; the log has the cause"] as JSONValue,
                status: .serviceUnavailable)
        }
    }
}

extension Response {
    /// JSON that is not cached.
    static func dashboard(
        _ value: some Encodable, status: HTTPResponse.Status = .ok
    ) throws -> Response {
        let data = try SignalCodec.bytes(of: value)
        return .dashboard(ByteBuffer(bytes: data), type: "application/json", status: status)
    }

    /// A resource of the dashboard, with the headers that all have.
    static func dashboard(
        _ body: ByteBuffer, type: String, status: HTTPResponse.Status = .ok,
        policy: String = "default-src 'none'; frame-ancestors 'none'"
    ) -> Response {
        var response = Response(
            status: status,
            headers: [
                .contentType: type, .cacheControl: "no-store", .xContentTypeOptions: "nosniff",
                .contentSecurityPolicy: policy,
            ], body: ResponseBody(byteBuffer: body))
        // The URL of a log-in has the token.
        response.headers[values: .referrerPolicy] = ["no-referrer"]
        return response
    }
}

extension HTTPFields.Element.Name {
    static let referrerPolicy = HTTPFields.Element.Name("Referrer-Policy")!
}
