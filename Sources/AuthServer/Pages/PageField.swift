// SPDX-License-Identifier: Apache-2.0
import AuthFlows

/// A field of a page's form, with its label, its hint and the reasons why it was refused.
struct PageField: Sendable {
    /// The kind of a field, which decides the keyboard on a phone and whether the value is kept.
    enum Kind: Sendable {
        case text, email
        /// Its value is never rendered.
        case password
        /// A code from a mail; its value is never rendered.
        case code
        case checkbox
        case hidden
        /// A field that users do not see and bots fill in.
        case honeypot
    }

    var name: String
    var label: PageText
    var kind = Kind.text
    /// The value that the user has entered already; for a checkbox nil unless it is checked.
    var value: String?
    /// The token of the HTML standard, such as `current-password`.
    var autocomplete: String?
    var isRequired = true
    /// In UTF-16 code units, as browsers count.
    var maxLength: Int?
    var hint: PageText?

    /// - Parameters:
    ///   - name: the name in the form, which ``AuthFlows/Refusal/field`` refers to.
    ///   - form: the form that was sent, whose value is kept; nil keeps none.
    init(
        _ name: String, _ label: PageText, _ kind: Kind = .text, from form: FormBody? = nil,
        autocomplete: String? = nil, isRequired: Bool = true, maxLength: Int? = nil, hint: PageText? = nil
    ) {
        self.name = name
        self.label = label
        self.kind = kind
        value = form?[name]
        self.autocomplete = autocomplete
        self.isRequired = isRequired
        self.maxLength = maxLength
        self.hint = hint
    }

    /// A hidden field.
    static func hidden(_ name: String, _ value: String) -> PageField {
        var field = PageField(name, .verbatim(name), .hidden)
        field.value = value
        return field
    }

    /// An e-mail address, of at most 254 bytes as the flows require.
    static func email(
        _ name: String = "email", label: PageText = .email, from form: FormBody? = nil,
        autocomplete: String = "email", isRequired: Bool = true
    ) -> PageField {
        PageField(
            name, label, .email, from: form, autocomplete: autocomplete, isRequired: isRequired,
            maxLength: 254)
    }

    /// A code from a mail.
    static func code(_ name: String = "code") -> PageField {
        PageField(name, .code, .code, autocomplete: "one-time-code", maxLength: 50)
    }

    /// The current password.
    static func currentPassword(_ name: String = "password", label: PageText = .password) -> PageField {
        PageField(name, label, .password, autocomplete: "current-password")
    }

    /// A new password.
    static func newPassword(
        _ name: String = "password", label: PageText = .password, hint: PageText? = nil,
        isRequired: Bool = true
    ) -> PageField {
        PageField(
            name, label, .password, autocomplete: "new-password", isRequired: isRequired, hint: hint)
    }
}

extension PageRenderer {
    /// The field with its label; `errors` are shown between the label and the field.
    ///
    /// - Parameter id: unique in the page.
    mutating func html(of field: PageField, id: String, errors: [Refusal]) -> HTML {
        switch field.kind {
        case .hidden:
            return "<input name=\"\(field.name)\" type=\"hidden\" value=\"\(field.value ?? "")\">\n"
        case .honeypot:
            return """
                <div class="away" aria-hidden="true">
                <label for="\(id)">\(field.label)</label>
                <input id="\(id)" name="\(field.name)" type="text" tabindex="-1" autocomplete="off">
                </div>

                """
        case .checkbox:
            let checked: HTML = field.value == nil ? "" : " checked"
            return """
                <div class="check">
                <input id="\(id)" name="\(field.name)" type="checkbox" value="true"\(checked)>
                <label for="\(id)">\(field.label)</label>
                </div>

                """
        case .text, .email, .password, .code: break
        }
        let hint: HTML = field.hint.map { "<p class=\"hint\" id=\"\(id)-hint\">\($0)</p>\n" } ?? ""
        let messages: [HTML] = errors.enumerated().map { number, refusal in
            "<p class=\"error\" id=\"\(id)-error-\("\(number)")\">\(refusal)</p>\n"
        }
        let described = (field.hint == nil ? [] : ["\(id)-hint"]) + errors.indices.map { "\(id)-error-\($0)" }
        return """
            <div class="field">
            <label for="\(id)">\(field.label)</label>
            \(hint)\(messages)<input id="\(id)" name="\(field.name)"\(attributes(of: field))\(
                state(describedBy: described, isInvalid: !errors.isEmpty))>
            </div>

            """
    }

    private func attributes(of field: PageField) -> HTML {
        let type: HTML =
            switch field.kind {
            case .email: " type=\"email\" autocapitalize=\"none\" spellcheck=\"false\""
            case .password: " type=\"password\""
            case .code:
                " type=\"text\" autocapitalize=\"characters\" spellcheck=\"false\""
            default: " type=\"text\" autocapitalize=\"none\" spellcheck=\"false\""
            }
        let value: HTML =
            switch field.kind {
            case .text, .email: field.value.map { " value=\"\($0)\"" } ?? ""
            default: ""
            }
        let autocomplete: HTML = field.autocomplete.map { " autocomplete=\"\($0)\"" } ?? ""
        let length: HTML = field.maxLength.map { " maxlength=\"\("\($0)")\"" } ?? ""
        let required: HTML = field.isRequired ? " required" : ""
        return "\(type)\(autocomplete)\(length)\(required)\(value)"
    }

    /// The attributes for assistive technology; the first invalid field of the page has the focus.
    private mutating func state(describedBy ids: [String], isInvalid: Bool) -> HTML {
        let described: HTML = ids.isEmpty ? "" : " aria-describedby=\"\(ids.joined(separator: " "))\""
        guard isInvalid else { return described }
        defer { hasFocus = true }
        return "\(described) aria-invalid=\"true\"\(hasFocus ? "" : " autofocus")"
    }
}
