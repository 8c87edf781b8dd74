// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthSignals
public import Hummingbird

extension AccountPages {
    /// `/accounts/`: the user's account, with links to everything that can be changed.
    func addAccount<Context>(to routes: PageRoutes<Context>) {
        routes.get("") { call in
            guard let authentication = try await call.authentication() else { return call.logInFirst() }
            let name = authentication.user.username ?? authentication.email
            let hasPassword = authentication.user.passwordHash != nil
            var links = [PageLink(.emails, "/accounts/email/")]
            if !call.settings.social.socialOnly {
                links.append(
                    hasPassword
                        ? PageLink(.changePassword, "/accounts/password/change/")
                        : PageLink(.setPassword, "/accounts/password/set/"))
            }
            if !call.ways.providers.isEmpty {
                links.append(PageLink(.connections, "/accounts/3rdparty/"))
            }
            links.append(PageLink(.sessions, "/accounts/sessions/"))
            if call.settings.languages.count > 1 {
                links.append(PageLink(.language, "/accounts/language/"))
            }
            let menu: [HTML] = links.map { "<li><a href=\"\(path: $0.path)\">\($0.text)</a></li>\n" }
            let text = name.map(PageText.loggedIn(as:)) ?? .loggedIn
            return Page(
                title: .account, content: "<p>\(text)</p>\n<ul class=\"menu\">\n\(menu)</ul>\n",
                forms: [
                    PageForm(button: .logOut, action: "/accounts/logout/", emphasis: .secondary)
                ])
        }
    }

    /// Adds `/`, which leads to the log-in page or, if the user is logged in, to the account page.
    ///
    /// For a server without a page of its own at `/`; a router can have only one.
    public func addStartPage<Context>(to router: some RouterMethods<Context>) {
        guard isOn else { return }
        PageRoutes(pages: self, group: router.group("")).get("") { call in
            .redirect(to: try await call.authentication() == nil ? "/accounts/login/" : "/accounts/")
        }
    }
}
