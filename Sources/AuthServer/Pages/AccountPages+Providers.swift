// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthSignals
import Foundation
import Hummingbird

extension AccountPages {
    /// `3rdparty/`: the caller's accounts at providers; `3rdparty/signup/`: the form of a sign-up by a provider; and
    /// allauth's pages for a log-in that failed or was cancelled.
    func addProviders<Context>(to routes: PageRoutes<Context>) {
        routes.form("3rdparty") { call in
            try await call.connectionsPage()
        } submit: { call in
            try await call.disconnect()
        }
        let signUp: @Sendable (PageCall) async throws -> Page = { try await $0.providerSignUpPage() }
        routes.form("3rdparty/signup", show: signUp, once: true) { try await $0.completeProviderSignUp() }
        let logIn = [PageLink(.logIn, "/accounts/login/")]
        routes.get("3rdparty/login/cancelled") { _ in
            .message(.providerLogInCancelled, .providerError("cancelled"), links: logIn)
        }
        routes.get("3rdparty/login/error") { _ in
            .message(.providerLogInFailed, .providerError("unknown"), links: logIn)
        }
    }
}

// MARK: - Connections

extension PageCall {
    private static let connectionsPath = "/accounts/3rdparty/"

    fileprivate func connectionsPage(_ refusals: [Refusal] = []) async throws -> Page {
        let error = query["error"]
        if error == Refusal.Code.reauthenticationRequired.rawValue, try await authentication() != nil {
            return reauthenticateFirst()
        }
        if let error, query["done"] != nil {
            return .redirect(to: PageLink.path(Self.connectionsPath, adding: ["error": error]))
        }
        return try await page(try await accounts.listSocialAccounts(flowContext)) {
            .refusing($0)
        } success: { connected in
            connectionsPage(connected, error: error, refusals)
        }
    }

    private func connectionsPage(
        _ connected: [SocialAccount], error: String?, _ refusals: [Refusal]
    ) -> Page {
        let selected = connected.first { $0.id.wireText == form["account"] }
        var page = Page(title: .connections)
        page.warning = error.map(PageText.providerError)
        if selected == nil { page.content = .alert(refusals) }
        if connected.isEmpty {
            page.content = page.content + "<p>\(.noConnections)</p>\n"
        } else {
            let items = connected.map { item($0, $0 == selected ? refusals : []) }
            page.content = page.content + "<ul class=\"items\">\n\(items)</ul>\n"
        }
        page.buttons = ways.providers.map {
            var button = PageForm.provider(
                $0, process: "connect", callback: "\(Self.connectionsPath)?done=account-connected")
            button.button = .connect($0.name)
            return button
        }
        if !page.buttons.isEmpty { page.content = page.content + "<h2>\(.addConnection)</h2>\n" }
        page.leadsElsewhere = !page.buttons.isEmpty
        page.links = [PageLink(.account, "/accounts/")]
        return page
    }

    private func item(_ account: SocialAccount, _ refusals: [Refusal]) -> HTML {
        let provider = accounts.provider(account.provider)?.name ?? account.provider
        let name = account.displayName
        let form = PageForm(
            [.hidden("account", account.id.wireText)], button: .disconnect, action: Self.connectionsPath,
            emphasis: .danger, buttonLabel: .disconnect(name, at: provider))
        return """
            <li><strong>\(name)</strong>
            <span class="tag">\(provider)</span>
            \(HTML.alert(refusals))<div class="actions">
            \(form)</div></li>

            """
    }

    fileprivate func disconnect() async throws -> Page {
        let list = try await accounts.listSocialAccounts(flowContext)
        guard case .success(let connected) = list,
            let account = connected.first(where: { $0.id.wireText == form["account"] })
        else {
            // Disconnected already, for example by a second click.
            let page = try await connectionsPage()
            return page.location == nil ? .redirect(to: Self.connectionsPath) : page
        }
        let result = try await accounts.removeSocialAccount(
            provider: account.provider, uid: account.uid, flowContext)
        return try await page(result) {
            try await connectionsPage($0)
        } success: { _ in
            .redirect(to: Self.connectionsPath, .accountDisconnected)
        }
    }
}

// MARK: - Sign-up

extension PageCall {
    fileprivate func providerSignUpPage(_ refusals: [Refusal] = []) async throws -> Page {
        let result = try await accounts.providerSignup(flowContext)
        if case .conflict = result { return .redirect(to: keepingNext("/accounts/login/")) }
        return try await page(result) {
            .refusing($0)
        } success: { proposal in
            let provider = accounts.provider(proposal.provider)?.name ?? proposal.provider
            return Page(
                title: .signUp, content: "<p>\(.completeSignUp(provider, settings.siteName))</p>\n",
                forms: [PageForm(signUpFields(proposal), button: .signUp, errors: refusals)],
                links: [PageLink(.otherLogIn, "/accounts/login/?restart=1")])
        }
    }

    /// The fields that the flow reads, with the provider's data until the user has entered others.
    private func signUpFields(_ proposal: SocialSignUpProposal) -> [PageField] {
        var fields: [PageField] = []
        let isRequired = settings.socialEmailRequired
        if isRequired || settings.signupFields[.email] != nil {
            var field = PageField.email(from: form, isRequired: isRequired)
            field.value = field.value ?? proposal.emailAddresses.proposal
            fields.append(field)
        }
        if let isRequired = settings.signupFields[.username] {
            var field = PageField(
                "username", .username, from: form, autocomplete: "username", isRequired: isRequired,
                maxLength: 150)
            field.value = field.value ?? proposal.username
            fields.append(field)
        }
        return fields
    }

    fileprivate func completeProviderSignUp() async throws -> Page {
        let result = try await accounts.signUpWithProvider(
            SocialSignUp(email: form["email"], username: form["username"]), flowContext)
        if case .conflict = result { return .redirect(to: keepingNext("/accounts/login/")) }
        return try await page(result) {
            try await providerSignUpPage($0)
        } success: { _ in
            onward(.signedUp)
        }
    }
}
