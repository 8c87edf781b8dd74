// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import Hummingbird

extension AccountPages {
    /// `email/`: the caller's addresses. The button of a form is named by its field `action_add`, `action_primary`,
    /// `action_send` or `action_remove`, as in allauth.
    func addEmailAddresses<Context>(to routes: PageRoutes<Context>) {
        routes.form("email") { call in
            try await call.emailAddressesPage()
        } submit: { call in
            try await call.changeEmailAddresses()
        }
    }
}

extension PageCall {
    private static let emailPath = "/accounts/email/"

    /// The button that was pressed.
    private enum EmailAction: String, CaseIterable {
        case add = "action_add"
        case primary = "action_primary"
        case send = "action_send"
        case remove = "action_remove"
    }

    private var emailAction: EmailAction? { EmailAction.allCases.first { form[$0.rawValue] != nil } }

    // MARK: The page

    fileprivate func emailAddressesPage(_ refusals: [Refusal] = []) async throws -> Page {
        try await page(try await accounts.listEmails(flowContext)) {
            .refusing($0)
        } success: { addresses in
            emailAddressesPage(addresses, refusals)
        }
    }

    private func emailAddressesPage(_ addresses: [EmailAddress], _ refusals: [Refusal]) -> Page {
        let isAdding = emailAction == .add
        let canAdd =
            settings.changeEmail || settings.maxEmailAddresses.map { addresses.count < $0 } ?? true
        // Refusals are shown beside the address or the field that they are about.
        let selected = isAdding ? nil : addresses.last { $0.isNamed(form["email"]) }
        let isShownInForm = isAdding && canAdd
        var page = Page(title: .emails)
        if selected == nil, !isShownInForm { page.content = .alert(refusals) }
        if addresses.isEmpty {
            page.content = page.content + "<p>\(.noEmails)</p>\n"
        } else {
            let items = addresses.map { address in
                item(address, among: addresses, address == selected ? refusals : [])
            }
            page.content = page.content + "<ul class=\"items\">\n\(items)</ul>\n"
        }
        if canAdd {
            var field = PageField.email(label: settings.changeEmail ? .replacingEmail : .furtherEmail)
            if isAdding { field.value = form["email"] }
            if settings.changeEmail { field.hint = .replacingEmailHint }
            page.forms = [
                PageForm(
                    [.hidden(EmailAction.add.rawValue, "1"), field],
                    button: settings.changeEmail ? .replaceEmail : .addEmail, action: Self.emailPath,
                    errors: isShownInForm ? refusals : [])
            ]
        }
        page.links = [PageLink(.account, "/accounts/")]
        return page
    }

    /// One address with its state and its buttons.
    private func item(
        _ address: EmailAddress, among all: [EmailAddress], _ refusals: [Refusal]
    ) -> HTML {
        let primary: HTML = address.primary ? "<span class=\"tag\">\(.primaryEmail)</span>\n" : ""
        let state: PageText = address.verified ? .verifiedEmail : .unverifiedEmail
        var forms: [PageForm] = []
        if !address.primary, address.verified || !all.contains(where: \.verified) {
            forms.append(button(.primary, address, .makePrimary, .makePrimary(address.email)))
        }
        if !address.verified {
            forms.append(button(.send, address, .resendConfirmation, .resendConfirmation(to: address.email)))
        }
        if all.count > 1 || settings.loginMethods != [.email] {
            var form = button(.remove, address, .remove, .remove(address.email))
            form.emphasis = .danger
            forms.append(form)
        }
        let buttons: [HTML] = forms.map { "\($0)" }
        return """
            <li><strong>\(address.email)</strong>
            \(primary)<span class="tag">\(state)</span>
            \(HTML.alert(refusals))<div class="actions">
            \(buttons)</div></li>

            """
    }

    private func button(
        _ action: EmailAction, _ address: EmailAddress, _ text: PageText, _ label: PageText
    ) -> PageForm {
        PageForm(
            [.hidden("email", address.email), .hidden(action.rawValue, "1")], button: text,
            action: Self.emailPath, emphasis: .secondary, buttonLabel: label)
    }

    // MARK: The forms

    fileprivate func changeEmailAddresses() async throws -> Page {
        // A sign-up that waits for its code has an address too, but it is changed on another page.
        guard try await authentication() != nil else { return logInFirst() }
        let email = form["email"]
        switch emailAction {
        case .add:
            return try await page(try await accounts.addEmail(email, flowContext)) {
                try await emailAddressesPage($0)
            } success: { _ in
                confirmationMailed(.emailAdded)
            }
        case .primary:
            return try await page(try await accounts.makePrimary(email, flowContext)) {
                try await emailAddressesPage($0)
            } success: { _ in
                .redirect(to: Self.emailPath, .primaryEmailSet)
            }
        case .send:
            return try await page(try await accounts.resendConfirmation(of: email, flowContext)) {
                try await emailAddressesPage($0)
            } success: { mail in
                try await resent(mail)
            }
        case .remove:
            let result = try await accounts.removeEmail(email, flowContext)
            if case .refused(let refusals) = result, refusals.contains(where: { $0.code == .unknownEmail }) {
                // Removed already, for example by a second click.
                return .redirect(to: Self.emailPath)
            }
            return try await page(result) {
                try await emailAddressesPage($0)
            } success: { _ in
                .redirect(to: Self.emailPath, .emailRemoved)
            }
        case nil: return .redirect(to: Self.emailPath)
        }
    }

    /// The page after a confirmation was mailed: the form for the code, or this page again.
    private func confirmationMailed(_ notice: PageNotice) -> Page {
        settings.emailVerificationByCode
            ? .redirect(to: "/accounts/confirm-email/") : .redirect(to: Self.emailPath, notice)
    }

    private func resent(_ mail: ConfirmationMail) async throws -> Page {
        if case .sent = mail { return confirmationMailed(.confirmationMailed) }
        // The former code is still valid.
        if settings.emailVerificationByCode { return .redirect(to: "/accounts/confirm-email/") }
        var page = try await emailAddressesPage()
        if page.location == nil {
            page.status = .conflict
            page.warning = .confirmationNotMailed
        }
        return page
    }
}
