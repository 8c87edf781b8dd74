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
        routes.getByQuery("authorize") { _, query in
            guard let state = query["state"], let callback = callback(query["redirect_uri"]) else {
                return .message("This cannot be read", "The address is not complete.", status: .badRequest)
            }
            var page = PlainPage.message("Dummy provider", "Say who you are: you will be believed.")
            page.form = PlainPage.Form(
                fields: """
                    <input name="state" type="hidden" value="\(state)">
                    <input name="redirect_uri" type="hidden" value="\(callback.absoluteString)">
                    <label for="id">Id</label>
                    <input id="id" name="id" inputmode="numeric" required>
                    <label for="email">E-mail address</label>
                    <input id="email" name="email" type="email">
                    <label for="email_verified">
                    <input id="email_verified" name="email_verified" type="checkbox" value="true">verified</label>

                    """,
                button: "Log in")
            page.leadsElsewhere = true
            return page
        }
        routes.post("authorize") { _, _, form in
            guard let state = form["state"], var url = callback(form["redirect_uri"]) else {
                return .message("This cannot be read", "The form is not complete.", status: .badRequest)
            }
            let answer =
                form["cancel"] == nil
                ? URLQueryItem(name: "code", value: try DummyPage.identity(form))
                : URLQueryItem(name: "error", value: "access_denied")
            url.append(queryItems: [URLQueryItem(name: "state", value: state), answer])
            var page = PlainPage.message("Dummy provider", "You are being sent back.", status: .found)
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
