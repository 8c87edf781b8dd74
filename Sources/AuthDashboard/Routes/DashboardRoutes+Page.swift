// SPDX-License-Identifier: Apache-2.0
import AuthServer
import AuthSignals
import Foundation
import Hummingbird

extension DashboardRoutes {
    func addPage() {
        let dashboard = dashboard
        let show: @Sendable (Request, Context) async throws -> Response = { request, context in
            dashboard.page(request, peer: context.peerAddress)
        }
        group.get("", use: show)
        actions.post("login") { request, context in
            try await dashboard.logIn(request, peer: context.peerAddress)
        }
        let script = PackageResources.charts_js + PackageResources.dashboard_js + PackageResources.lists_js
        addFile("page.js", script, "text/javascript; charset=utf-8")
        addFile("page.css", PackageResources.dashboard_css, "text/css; charset=utf-8")
        get("events") { _, _ in
            guard let stream = await dashboard.feed.open() else {
                throw DashboardError(
                    .unreachable, "\(SignalFeed.mostStreams) pages are open already; close one of them")
            }
            return Response(
                status: .ok,
                headers: [
                    .contentType: "text/event-stream", .cacheControl: "no-store",
                    .xContentTypeOptions: "nosniff",
                ], body: EventStream(feed: dashboard.feed, stream: stream).body)
        }
    }

    private func addFile(_ name: String, _ bytes: [UInt8], _ type: String) {
        let body = ByteBuffer(bytes: bytes)
        // Without a log-in, too: the log-in form uses the style sheet, and the files hold no data.
        let dashboard = dashboard
        group.get(RouterPath(name)) { request, context in
            try await dashboard.answering(context) {
                guard dashboard.access.isReachable(request, peer: context.peerAddress) else {
                    throw DashboardRefusal.notLocal
                }
                return .dashboard(body, type: type)
            }
        }
    }
}

extension Dashboard {
    /// The page; a redirect after a log-in by URL; or the log-in form.
    fileprivate func page(_ request: Request, peer: String?) -> Response {
        do throws(DashboardRefusal) {
            if access.requiresToken, let token = request.uri.queryParameters["token"] {
                return entered(try access.logIn(String(token), request, peer: peer))
            }
            let held = try access.check(request, peer: peer, isPage: true)
            // The page's files are relative to /dashboard/.
            guard request.uri.path.hasSuffix("/") else { return redirect() }
            let value = held ?? access.cookie.issue(at: access.clock.now())
            let html = String(decoding: PackageResources.dashboard_html, as: UTF8.self)
                .replacing("CSRF_TOKEN", with: access.cookie.csrfToken(for: value), maxReplacements: 1)
            var response = Response.dashboard(
                ByteBuffer(string: html), type: "text/html; charset=utf-8", policy: Self.pagePolicy)
            if held == nil { access.cookie.set(value, on: &response) }
            return response
        } catch {
            return form(error)
        }
    }

    fileprivate func logIn(_ request: Request, peer: String?) async throws -> Response {
        do {
            guard access.requiresToken else { throw DashboardRefusal.notLocal }
            // So that another site cannot log a browser in.
            guard access.isOwnPage(request) else { throw DashboardRefusal.foreign }
            var request = request
            let body = try await request.collectBody(upTo: 4096)
            let fields = String(buffer: body).split(separator: "&")
            let token = fields.first { $0.hasPrefix("token=") }.flatMap {
                PercentCoding.decode($0.dropFirst(6), plusIsSpace: true)
            }
            return entered(try access.logIn(token ?? "", request, peer: peer))
        } catch let refusal as DashboardRefusal {
            return form(refusal)
        }
    }

    private static var pagePolicy: String {
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; "
            + "frame-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    }

    /// A redirect to the URL without the token.
    private func entered(_ value: String) -> Response {
        var response = redirect()
        access.cookie.set(value, on: &response)
        return response
    }

    private func redirect() -> Response {
        var response = Response.dashboard(ByteBuffer(), type: "text/plain", status: .seeOther)
        response.headers[.location] = "/dashboard/"
        return response
    }

    /// The log-in form with the refusal; only its message for a dashboard without a token.
    private func form(_ refusal: DashboardRefusal) -> Response {
        let field = """
            <form method="post" action="/dashboard/login">
            <label for="token">DASHBOARD_TOKEN</label>
            <input id="token" name="token" type="password" autocomplete="current-password" required autofocus>
            <button type="submit">Log in</button>
            </form>
            """
        // The messages are constant, and have no characters that HTML escapes.
        let html = """
            <!doctype html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <title>Dashboard</title>
            <link rel="stylesheet" href="/dashboard/page.css">
            </head>
            <body>
            <main>
            <h1>Dashboard</h1>
            <p role="alert">\(refusal.message)</p>
            \(access.requiresToken ? field : "")
            </main>
            </body>
            </html>

            """
        var response = Response.dashboard(
            ByteBuffer(string: html), type: "text/html; charset=utf-8", status: refusal.status,
            policy: Self.pagePolicy)
        if refusal == .tooManyAttempts { response.headers[.retryAfter] = "60" }
        return response
    }
}
