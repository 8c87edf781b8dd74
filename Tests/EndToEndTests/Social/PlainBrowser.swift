// SPDX-License-Identifier: Apache-2.0
import Foundation
import ProgramSupport

/// A minimal browser on top of ``Curl``. It keeps cookies, and follows a redirect only when the test opens it.
final class PlainBrowser: Sendable {
    typealias Page = Curl.Answer

    private let folder: Folder

    init() throws { folder = try Folder() }

    func open(_ url: String) async throws -> Page { try await load(url, []) }

    /// Sends a form of the server's own page.
    func post(_ url: String, _ form: [(String, String)], from origin: String) async throws -> Page {
        try await load(
            url, ["-H", "Origin: \(origin)"] + form.flatMap { ["--data-urlencode", "\($0.0)=\($0.1)"] })
    }

    /// Submits the code of a log-in, as a front end's script does.
    func confirm(_ code: String, _ server: Server) async throws -> Page {
        let proof = FileManager.default.contents(atPath: folder.path("cookies"))
            .flatMap { String(decoding: $0, as: UTF8.self).firstMatch(of: /\tcsrftoken\t(\S+)/) }
            .map { String($0.1) }
        return try await load(
            server.base + "/_allauth/browser/v1/auth/code/confirm",
            [
                "-H", "Origin: \(server.base)", "-H", "X-CSRFToken: \(proof ?? "none")", "-H",
                "Content-Type: application/json", "-d", #"{"code": "\#(code)"}"#,
            ])
    }

    private func load(_ url: String, _ options: [String]) async throws -> Page {
        let jar = folder.path("cookies")
        return try await Curl.load(url, ["-b", jar, "-c", jar] + options)
    }
}

extension PlainBrowser {
    /// Submits the form of the provider's button on the log-in page.
    ///
    /// - Returns: The redirect to the provider.
    func goToProvider(from server: Server) async throws -> Page {
        let page = try await open(server.base + "/accounts/login")
        let hidden = page.text.matches(of: /<input name="([a-z_]+)" type="hidden" value="([^"]*)">/).map {
            (String($0.1), String($0.2))
        }
        return try await post(
            server.base + "/_allauth/browser/v1/auth/provider/redirect", hidden, from: server.base)
    }

    /// Follows the redirect to the provider and back.
    ///
    /// - Returns: The server's callback URL with the code.
    func callback(from server: Server) async throws -> String {
        let there = try await goToProvider(from: server)
        guard let provider = there.location, there.status == 302 else {
            throw Mishap("no redirect to the provider: \(there.status) \(there.text.prefix(300))")
        }
        guard let back = try await open(provider).location else {
            throw Mishap("no redirect from the provider")
        }
        return back
    }
}
