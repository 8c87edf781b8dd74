// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import Foundation
import Hummingbird

/// A built-in page, without scripts and resources of other sites. It is not cached and sends no referrer to other
/// sites, since its URL may contain a key.
///
/// ```swift
/// var page = Page(title: .logIn)
/// page.forms = [PageForm([.email(from: call.form), …], button: .logIn)]
/// page.links = [PageLink(.forgotPassword, "/accounts/password/reset/")]
/// ```
struct Page: Sendable {
    var status: HTTPResponse.Status = .ok
    var title: PageText
    /// What is between the title and the forms.
    var content: HTML = ""
    /// The page's forms.
    var forms: [PageForm] = []
    /// Buttons, each with its own form, after the forms.
    var buttons: [PageForm] = []
    /// Links at the end of the page.
    var links: [PageLink] = []
    /// A message that something was done.
    var notice: PageNotice?
    /// A message that something was not done, other than the refusals of a form.
    var warning: PageText?
    /// Whether submitting a form may redirect the browser to any other site, as a provider's button does.
    var leadsElsewhere = false
    /// Other origins that submitting a form may redirect the browser to.
    var formOrigins: [String] = []
    /// Seconds until the client should retry.
    var retryAfter: Int?
    /// The target of a redirect, a path of this server or a URL; requires a redirect status.
    var location: String?
    /// The change of the browser's session.
    var session = APIResponse.SessionChange.unchanged

    init(
        status: HTTPResponse.Status = .ok, title: PageText, content: HTML = "", forms: [PageForm] = [],
        links: [PageLink] = []
    ) {
        self.status = status
        self.title = title
        self.content = content
        self.forms = forms
        self.links = links
    }

    /// The form field with the CSRF token, which proves that this server has rendered the form for this browser.
    static let proofField = "csrfmiddlewaretoken"

    /// A page that only shows a message.
    static func message(
        _ title: PageText, _ text: PageText, status: HTTPResponse.Status = .ok, links: [PageLink] = []
    ) -> Page {
        Page(status: status, title: title, content: "<p>\(text)</p>\n", links: links)
    }

    /// A redirect, by GET, after a form was handled or because another page comes first.
    ///
    /// - Parameters:
    ///   - location: a path of this server, with or without a query, or an allowed URL (``NextPage``).
    ///   - notice: what the next page shows, if it is one of this server.
    static func redirect(to location: String, _ notice: PageNotice? = nil) -> Page {
        var page = Page(status: .seeOther, title: .verbatim(location))
        page.location = location
        if let notice, location.hasPrefix("/accounts/") {
            page.location = PageLink.path(location, adding: ["done": notice.rawValue])
        }
        return page
    }

    /// Whether a form of the page was refused.
    var hasErrors: Bool {
        status == .badRequest || warning != nil || (forms + buttons).contains { !$0.errors.isEmpty }
    }

    /// The response.
    ///
    /// - Parameter renderer: has the browser's language and CSRF token.
    func response(_ renderer: PageRenderer, siteName: String, files: PageFiles) -> Response {
        var renderer = renderer
        let html = renderer.document(self, siteName: siteName, files: files)
        var response = Response(
            status: status,
            headers: [
                .contentType: "text/html; charset=utf-8", .contentLanguage: renderer.language.code,
                .contentSecurityPolicy: policy, .cacheControl: "no-store", .xContentTypeOptions: "nosniff",
                // With "no-referrer" browsers would send "Origin: null" with the form.
                .xFrameOptions: "DENY", .referrerPolicy: "same-origin",
            ], body: ResponseBody(byteBuffer: ByteBuffer(string: html)))
        if let location {
            response.headers[.location] =
                location.hasPrefix("/") ? renderer.pathPrefix + location : location
        }
        if let retryAfter { response.headers[.retryAfter] = String(retryAfter) }
        return response
    }

    /// The Content-Security-Policy. Browsers apply `form-action` to redirects after a form is submitted, too.
    private var policy: String {
        let targets = leadsElsewhere ? ["'self'", "https:", "http:"] : ["'self'"] + formOrigins
        return "default-src 'none'; style-src 'self'; img-src 'self'; form-action "
            + targets.joined(separator: " ") + "; base-uri 'none'; frame-ancestors 'none'"
    }
}

/// A link to a page of this server.
struct PageLink: Sendable {
    var text: PageText
    /// The path, with or without a query.
    var path: String

    init(_ text: PageText, _ path: String) {
        self.text = text
        self.path = path
    }

    /// The path with further values in its query.
    static func path(_ path: String, adding values: [String: String]) -> String {
        guard var parts = URLComponents(string: path) else { return path }
        var items = parts.queryItems ?? []
        for (name, value) in values.sorted(by: { $0.key < $1.key }) {
            items.removeAll { $0.name == name }
            items.append(URLQueryItem(name: name, value: value))
        }
        parts.queryItems = items
        // A form decodes a plus sign as a space.
        parts.percentEncodedQuery = parts.percentEncodedQuery?.replacing("+", with: "%2B")
        return parts.string ?? path
    }
}
