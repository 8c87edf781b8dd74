// SPDX-License-Identifier: Apache-2.0
import Hummingbird

/// A page of the server's own: no script, nothing from elsewhere, nothing kept in a cache or told to another
/// site, for its address holds a key.
struct PlainPage: Sendable {
    var status: HTTPResponse.Status = .ok
    var title: String
    var content: HTML
    /// Seconds until another try makes sense.
    var retryAfter: Int?
    /// What becomes of the browser's session.
    var session = Answer.SessionChange.unchanged

    /// A page that only says something.
    static func message(
        _ title: String, _ text: String, status: HTTPResponse.Status = .ok
    ) -> PlainPage {
        PlainPage(status: status, title: title, content: "<p>\(text)</p>")
    }

    func response(siteName: String) -> Response {
        let html: HTML = """
            <!doctype html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <title>\(title) – \(siteName)</title>
            <style>
            body { font: 1.1rem/1.5 system-ui, sans-serif; max-width: 28rem; margin: 4rem auto; padding: 0 1rem }
            h1 { font-size: 1.4rem }
            label, input, button { display: block; font: inherit; margin: 0.5rem 0 }
            input { width: 100%; box-sizing: border-box; padding: 0.4rem }
            button { padding: 0.4rem 1.2rem }
            .error { color: #a00000 }
            </style>
            </head>
            <body>
            <main>
            <h1>\(title)</h1>
            \(content)
            </main>
            </body>
            </html>

            """
        var response = Response(
            status: status,
            headers: [
                .contentType: "text/html; charset=utf-8",
                .contentSecurityPolicy:
                    "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
                .cacheControl: "no-store", .xContentTypeOptions: "nosniff",
                .xFrameOptions: "DENY", .referrerPolicy: "no-referrer",
            ], body: ResponseBody(byteBuffer: ByteBuffer(string: html.markup)))
        if let retryAfter { response.headers[.retryAfter] = String(retryAfter) }
        return response
    }
}
