// SPDX-License-Identifier: Apache-2.0
import Hummingbird

/// A page of the server's own: no script, nothing from elsewhere, nothing kept in a cache or told to another
/// site, for its address holds a key.
struct PlainPage: Sendable {
    var status: HTTPResponse.Status = .ok
    var title: String
    var content: HTML
    /// What the page asks for; nil where it only says something.
    var form: Form?
    /// Buttons of other forms.
    var buttons: [Form] = []
    /// Whether a form's answer may send the browser to another site: what a provider's button does.
    var leadsElsewhere = false
    /// Seconds until another try makes sense.
    var retryAfter: Int?
    /// Where the browser goes instead; with a status that says so.
    var location: String?
    /// What becomes of the browser's session.
    var session = Answer.SessionChange.unchanged

    /// What a person fills in and sends.
    struct Form: Sendable {
        var fields: HTML = ""
        var button: String
        /// Where it is sent to, relative to the page; nil: to the page's own address.
        var action: String?
    }

    /// The field of every form that proves that the browser was shown it by this server.
    static let proofField = "csrfmiddlewaretoken"

    /// A page that only says something.
    static func message(
        _ title: String, _ text: String, status: HTTPResponse.Status = .ok
    ) -> PlainPage {
        PlainPage(status: status, title: title, content: "<p>\(text)</p>")
    }

    /// Browsers ask this of every address that a form's answer redirects to.
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
                // With "no-referrer" a browser would send the form's Origin as "null".
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
