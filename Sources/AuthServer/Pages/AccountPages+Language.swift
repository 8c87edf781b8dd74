// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import Hummingbird

extension AccountPages {
    /// `language/`: the language that is stored with the user's account, one of `LANGUAGES` or none. allauth has no such
    /// page.
    func addLanguage<Context>(to routes: PageRoutes<Context>) {
        routes.form("language") { call in
            try await call.languagePage()
        } submit: { call in
            try await call.setLanguage()
        }
    }
}

extension PageCall {
    private static let languagePath = "/accounts/language/"
    /// The value for the language that each request asks for.
    private static let ofBrowser = "browser"

    fileprivate func languagePage() async throws -> Page {
        guard let user = try await authentication()?.user else { return logInFirst() }
        var page = Page(title: .language)
        let chosen = user.language.map { settings.languages.contains($0) ? $0 : nil } ?? nil
        page.content =
            "<p>\(.languageIntroduction)</p>\n<p>\(.chosenLanguage): \(chosen?.name ?? .languageOfBrowser)</p>\n"
        page.buttons = settings.languages.filter { $0 != chosen }.map { language in
            PageForm(
                [.hidden("language", language.code)], button: language.name, action: Self.languagePath,
                emphasis: .secondary)
        }
        if chosen != nil {
            page.buttons.append(
                PageForm(
                    [.hidden("language", Self.ofBrowser)], button: .languageOfBrowser,
                    action: Self.languagePath, emphasis: .secondary))
        }
        page.links = [PageLink(.account, "/accounts/")]
        return page
    }

    fileprivate func setLanguage() async throws -> Page {
        guard try await authentication() != nil else { return logInFirst() }
        var language: Language?
        if form["language"] != Self.ofBrowser {
            guard let named = form["language"].flatMap(Language.init(code:)) else {
                return try await languagePage()
            }
            language = named
        }
        let result = try await accounts.setLanguage(language, flowContext)
        return try await page(result) { refusals in
            var page = try await languagePage()
            page.content = "\(HTML.alert(refusals))\(page.content)"
            return page
        } success: {
            .redirect(to: Self.languagePath, .languageSet)
        }
    }
}

extension Language {
    /// The language's name in itself, so that its readers find it on a page in any language.
    fileprivate var name: PageText { .verbatim(self == .german ? "Deutsch" : "English") }
}
