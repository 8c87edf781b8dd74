// SPDX-License-Identifier: Apache-2.0
import Foundation
import Hummingbird
import ServerTesting

/// A page as a browser shows it.
struct ShownPage {
    var path: String
    var status: HTTPResponse.Status
    var html: String
    var headers: HTTPFields

    /// The CSRF token in the form's hidden field; `nil` without a form.
    var proof: String? {
        html.firstMatch(of: /name="csrfmiddlewaretoken" type="hidden" value="([^"]+)"/).map { String($0.1) }
    }

    /// The target of the page's first form, with its query.
    var target: String {
        guard let form = html.firstMatch(of: /<form method="post"(?: action="([^"]+)")?/),
            let action = form.1
        else { return path }
        return String(action).replacing("&amp;", with: "&")
    }

    /// The target of a redirect; nil without one.
    var location: String? { headers[.location] }

    /// The language of the texts.
    var language: String? { html.firstMatch(of: /<html lang="([a-z]+)">/).map { String($0.1) } }

    /// The value of a field; nil without the field or without a value.
    func value(of field: String) -> String? {
        tag(of: field)?.firstMatch(of: /\ value="([^"]*)"/).map { String($0.1) }
    }

    /// The tag of a field; nil without the field.
    func tag(of field: String) -> String? {
        html.matches(of: /<input [^>]*>/).map { String($0.0) }.first { $0.contains(" name=\"\(field)\"") }
    }

    /// The texts of the messages that a field refers to with `aria-describedby`.
    func messages(of field: String) -> [String] {
        guard let described = tag(of: field)?.firstMatch(of: /\ aria-describedby="([^"]*)"/)?.1 else {
            return []
        }
        let all = html.matches(of: /<p class="[a-z]+" id="([^"]+)">([^<]*)<\/p>/)
        return described.split(separator: " ").compactMap { id in
            all.first { $0.1 == id }.map { String($0.2) }
        }
    }
}

extension BrowserClient {
    /// Opens a page.
    ///
    /// - Parameter language: `Accept-Language`.
    func open(_ path: String, language: String? = nil) async throws -> ShownPage {
        var headers = HTTPFields()
        headers[.acceptLanguage] = language
        return shown(path, try await raw(.get, path, headers))
    }

    /// Fills in and submits the page's form like a browser.
    ///
    /// - Parameter form: the fields, percent-encoded.
    func press(
        _ page: ShownPage, _ form: String = "", origin: String? = "http://127.0.0.1:8080"
    ) async throws -> ShownPage {
        let proof = page.proof.map { "csrfmiddlewaretoken=\($0)&" } ?? ""
        return try await send(form: proof + form, to: page.target, origin: origin)
    }

    /// Sends any form.
    func send(form: String, to path: String, origin: String? = nil) async throws -> ShownPage {
        var headers: HTTPFields = [.contentType: "application/x-www-form-urlencoded"]
        headers[.origin] = origin
        return shown(path, try await raw(.post, path, headers, ByteBuffer(string: form)))
    }

    private func shown(_ path: String, _ response: TestResponse) -> ShownPage {
        ShownPage(
            path: path, status: response.status, html: String(buffer: response.body),
            headers: response.headers)
    }
}
