// SPDX-License-Identifier: Apache-2.0
import Hummingbird

/// A built-in page without scripts and external resources. It is not cached and sends no referrer to other sites, since
/// its URL contains a key.
struct PlainPage: Sendable {
    var status: HTTPResponse.Status = .ok
    var title: String
    var content: HTML
    /// The page's form; nil if it only shows a message.
    var form: Form?
    /// Buttons, each with its own form.
    var buttons: [Form] = []
    /// Whether submitting a form may redirect the browser to another site, as a provider's button does.
    var leadsElsewhere = false
    /// Seconds until the client should retry.
    var retryAfter: Int?
    /// The target of a redirect; requires a redirect status.
    var location: String?
    /// The change of the browser's session.
    var session = APIResponse.SessionChange.unchanged

    /// A form that the user submits.
    struct Form: Sendable {
        var fields: HTML = ""
        var button: String
        /// The form's target, relative to the page; nil for the page's own URL.
        var action: String?
    }

    /// The form field with the CSRF token, which proves that this server has rendered the form for this browser.
    static let proofField = "csrfmiddlewaretoken"

    /// A page that only shows a message.
    static func message(
        _ title: String, _ text: String, status: HTTPResponse.Status = .ok
    ) -> PlainPage {
        PlainPage(status: status, title: title, content: "<p>\(text)</p>")
    }

    /// The CSP `form-action`, which browsers also apply to redirects after a form is submitted.
    private var formTargets: String { leadsElsewhere ? "'self' https: http:" : "'self'" }

    /// - Parameter proof: the CSRF token of the browser's session, for the page's form.
    func response(siteName: String, proof: String) -> Response {
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
            \(content)\(([form].compactMap { $0 } + buttons).map { $0.html(proof: proof) })
            </main>
            </body>
            </html>

            """
        var response = Response(
            status: status,
            headers: [
                .contentType: "text/html; charset=utf-8",
                .contentSecurityPolicy:
                    "default-src 'none'; style-src 'unsafe-inline'; form-action \(formTargets); base-uri 'none'; frame-ancestors 'none'",
                .cacheControl: "no-store", .xContentTypeOptions: "nosniff",
                // With "no-referrer" browsers would send "Origin: null" with the form.
                .xFrameOptions: "DENY", .referrerPolicy: "same-origin",
            ], body: ResponseBody(byteBuffer: ByteBuffer(string: html.markup)))
        response.headers[.location] = location
        if let retryAfter { response.headers[.retryAfter] = String(retryAfter) }
        return response
    }
}

extension PlainPage.Form {
    fileprivate func html(proof: String) -> HTML {
        let leadingTo: HTML = action.map { " action=\"\($0)\"" } ?? ""
        return """
            <form method="post"\(leadingTo)>
            <input name="\(PlainPage.proofField)" type="hidden" value="\(proof)">
            \(fields)<button type="submit">\(button)</button>
            </form>
            """
    }
}
