// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthSignals
import Foundation
import Hummingbird

/// The page of the dummy provider, where the user enters an identity; for development only, like the provider.
enum DummyPage {
    /// The provider's id.
    static let provider = "dummy"

    /// The JSON with the identity from the form, which the dummy provider accepts unchecked.
    static func identity(_ form: FormBody) throws -> String {
        let members: [String: JSONValue] = [
            "id": .string(form["id"] ?? ""), "email": .string(form["email"] ?? ""),
            "email_verified": .bool(form["email_verified"] != nil),
        ]
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        return String(decoding: try encoder.encode(members.filter { $1 != "" }), as: UTF8.self)
    }
}

extension AccountPages {
    /// `/_allauth/dummy/authorize`: takes `state` and `redirect_uri` from the query and redirects to the callback.
    func addDummyProvider<Context>(to router: some RouterMethods<Context>) {
        let routes = PageRoutes(pages: self, group: router.group("/_allauth/dummy"))
        let show: @Sendable (PageCall) async throws -> Page = { call in
            guard let state = call.query["state"], let callback = callback(call.query["redirect_uri"]) else {
                return .message(.unreadable, .goBack, status: .badRequest)
            }
            var page = Page(title: .dummyProvider, content: "<p>\(.dummyIntroduction)</p>\n")
            page.forms = [
                PageForm(
                    [
                        .hidden("state", state), .hidden("redirect_uri", callback.absoluteString),
                        PageField("id", .dummyIdentifier, from: call.form),
                        .email(from: call.form, isRequired: false),
                        PageField("email_verified", .dummyVerified, .checkbox, from: call.form),
                    ], button: .logIn)
            ]
            page.leadsElsewhere = true
            return page
        }
        routes.form("authorize", show: show) { call in
            guard let state = call.form["state"], var url = callback(call.form["redirect_uri"]) else {
                return .message(.unreadable, .goBack, status: .badRequest)
            }
            let answer =
                call.form["cancel"] == nil
                ? URLQueryItem(name: "code", value: try DummyPage.identity(call.form))
                : URLQueryItem(name: "error", value: "access_denied")
            url.append(queryItems: [URLQueryItem(name: "state", value: state), answer])
            var page = Page(status: .found, title: .dummyProvider)
            page.location = url.absoluteString.replacing("+", with: "%2B")
            return page
        }
    }

    /// The callback URL; nil unless it is on this server, so that the page cannot redirect anywhere else.
    private func callback(_ text: String?) -> URL? {
        let settings = accounts.settings
        guard let text, let url = settings.redirectTarget(text),
            TrustedOrigins(publicURL: settings.links.publicURL, others: []).trusts(url.absoluteString)
        else { return nil }
        return url
    }
}
