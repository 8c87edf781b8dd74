// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import Hummingbird

/// Renders one page for one browser.
struct PageRenderer {
    let language: Language
    /// The path of `PUBLIC_URL`, without a slash at its end.
    let pathPrefix: String
    /// The CSRF token for the page's forms.
    let proof: String
    /// The number of forms so far, which makes the ids of fields unique.
    var formCount = 0
    /// Whether a field has the focus.
    var hasFocus = false

    init(language: Language, pathPrefix: String, proof: String) {
        self.language = language
        self.pathPrefix = pathPrefix
        self.proof = proof
    }

    mutating func markup(of html: HTML) -> String {
        var markup = ""
        for piece in html.pieces {
            switch piece {
            case .markup(let text): markup += text
            case .text(let text): markup += HTML.escaped(text.text(in: language))
            case .refusal(let refusal): markup += HTML.escaped(refusal.text(in: language))
            case .path(let path): markup += HTML.escaped(pathPrefix + path)
            case .form(let form): markup += self.markup(of: form)
            }
        }
        return markup
    }

    /// The whole page.
    ///
    /// - Parameters:
    ///   - siteName: `SITE_NAME`.
    ///   - files: the style sheet and the logo.
    mutating func document(_ page: Page, siteName: String, files: PageFiles) -> String {
        var notices: HTML = ""
        if let notice = page.notice {
            notices = "<p class=\"message good\" role=\"status\">\(notice.text)</p>\n"
        }
        if let warning = page.warning {
            notices = "\(notices)<p class=\"message bad\" role=\"alert\">\(warning)</p>\n"
        }
        let forms: [HTML] = page.forms.map { "\($0)" }
        let others: [HTML] = page.buttons.map { "\($0)" }
        let buttons: HTML =
            others.isEmpty
            ? ""
            : "\(page.forms.isEmpty ? "" : "<p class=\"or\">\(.orWith)</p>\n" as HTML)<div class=\"buttons\">\n\(others)</div>\n"
        let links: [HTML] = page.links.map {
            "<li><a href=\"\(path: $0.path)\">\($0.text)</a></li>\n"
        }
        let navigation: HTML =
            links.isEmpty
            ? "" : "<nav aria-label=\"\(.furtherPages)\">\n<ul>\n\(links)</ul>\n</nav>\n"
        let failure: HTML = page.hasErrors ? "\(.error): " : ""
        return markup(
            of: """
                <!doctype html>
                <html lang="\(language.code)">
                <head>
                <meta charset="utf-8">
                <meta name="viewport" content="width=device-width, initial-scale=1">
                <meta name="color-scheme" content="light dark">
                <title>\(failure)\(page.title) – \(siteName)</title>
                <link rel="stylesheet" href="\(path: files.stylePath)">
                <link rel="icon" type="image/svg+xml" href="\(path: files.logoPath)">
                </head>
                <body>
                <a class="skip" href="#content">\(.skipToContent)</a>
                <header><a href="\(path: "/accounts/")"><img src="\(path: files.logoPath)" alt="" width="32" height="32"> \(siteName)</a></header>
                <main id="content" tabindex="-1">
                <h1>\(page.title)</h1>
                \(notices)\(page.content)\(forms)\(buttons)\(navigation)</main>
                </body>
                </html>

                """)
    }
}
