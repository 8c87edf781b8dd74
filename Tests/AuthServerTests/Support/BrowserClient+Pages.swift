// SPDX-License-Identifier: Apache-2.0
import Foundation
import Hummingbird
import HummingbirdTesting

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

    /// The path that the form is sent to.
    var target: String {
        guard let action = html.firstMatch(of: /action="([^"]+)"/) else { return path }
        let page = URL(string: "http://127.0.0.1" + path)
        return URL(string: String(action.1), relativeTo: page)?.path ?? path
    }
}

extension BrowserClient {
    /// Opens a page.
    func open(_ path: String) async throws -> ShownPage {
        shown(path, try await raw(.get, path))
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
