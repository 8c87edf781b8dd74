// SPDX-License-Identifier: Apache-2.0
import AuthFlows

/// A form of a page. It works without scripts, and has the CSRF token of the browser for which the page is rendered.
struct PageForm: Sendable {
    /// How much attention the button gets.
    enum Emphasis: String, Sendable {
        case primary, secondary, danger
    }

    var fields: [PageField] = []
    var button: PageText
    /// The form's target, a path of this server; nil for the page's own URL with its query.
    var action: String?
    /// Shown beside the field that ``AuthFlows/Refusal/field`` names; others at the top of the form.
    var errors: [Refusal] = []
    var emphasis = Emphasis.primary
    /// What the button is about, for users who do not see what is beside it.
    var buttonLabel: PageText?

    init(
        _ fields: [PageField] = [], button: PageText, action: String? = nil, errors: [Refusal] = [],
        emphasis: Emphasis = .primary, buttonLabel: PageText? = nil
    ) {
        self.fields = fields
        self.button = button
        self.action = action
        self.errors = errors
        self.emphasis = emphasis
        self.buttonLabel = buttonLabel
    }

    /// A button that starts a log-in, or the connection of an account, at a provider.
    ///
    /// - Parameters:
    ///   - process: `login` or `connect`.
    ///   - callback: the page to which the browser is redirected afterwards.
    static func provider(
        _ provider: any SocialProvider, process: String, callback: String
    ) -> PageForm {
        PageForm(
            [
                .hidden("provider", provider.id), .hidden("process", process),
                .hidden("callback_url", callback),
            ],
            button: .continueWith(provider.name), action: "/_allauth/browser/v1/auth/provider/redirect",
            emphasis: .secondary)
    }
}

extension PageRenderer {
    /// The markup of a form, with the CSRF token.
    mutating func markup(of form: PageForm) -> String {
        formCount += 1
        let names = Set(form.fields.filter(\.showsErrors).map(\.name))
        let general = form.errors.filter { refusal in refusal.field.map { !names.contains($0) } ?? true }
        let messages: [HTML] = general.map { "<p>\($0)</p>\n" }
        let top: HTML =
            general.isEmpty ? "" : "<div class=\"message bad\" role=\"alert\">\n\(messages)</div>\n"
        var fields: HTML = ""
        for field in form.fields {
            fields =
                fields
                + html(
                    of: field, id: "f\(formCount)-\(field.name)",
                    errors: form.errors.filter { $0.field == field.name })
        }
        let target: HTML = form.action.map { " action=\"\(path: $0)\"" } ?? ""
        let label: HTML = form.buttonLabel.map { " aria-label=\"\($0)\"" } ?? ""
        return markup(
            of: """
                <form method="post"\(target) novalidate>
                <input name="\(Page.proofField)" type="hidden" value="\(proof)">
                \(top)\(fields)<button type="submit" class="\(form.emphasis.rawValue)"\(label)>\(form.button)</button>
                </form>

                """)
    }
}

extension PageField {
    /// Whether reasons for a refusal are shown beside the field.
    fileprivate var showsErrors: Bool {
        switch kind {
        case .text, .email, .password, .code: true
        case .checkbox, .hidden, .honeypot: false
        }
    }
}
