// SPDX-License-Identifier: Apache-2.0

extension Accounts {
    /// Stores the logged-in user's language, in which they then get mails and see pages. It emits no signal.
    ///
    /// - Parameters:
    ///   - language: nil to follow the language of each request.
    ///   - context: The request and its session.
    /// - Returns: `refused` with `invalid_choice` if the language is not one of ``AccountSettings/languages``.
    public func setLanguage(_ language: Language?, _ context: FlowContext) async throws -> FlowResult<Void> {
        if let language, !settings.languages.contains(language) {
            return .refused(Refusal(.invalidChoice, field: "language", .invalidChoice))
        }
        switch try await caller(context) {
        case .unknownToken: return .gone
        case .anonymous(let session): return .unauthenticated(pending(of: session))
        case .user: break
        }
        return try await withTransaction(context) { flow in
            guard var user = try flow.authentication()?.user else {
                return .unauthenticated(try flow.pendingAuthentication())
            }
            if user.language == language { return .success(()) }
            user.language = language
            try flow.transaction.update(user)
            return .success(())
        }
    }
}
