// SPDX-License-Identifier: Apache-2.0

extension AccountSettings {
    /// The language for a user: the one stored with the account, else that of the request, else ``defaultLanguage``.
    /// A language that is not one of ``languages`` is skipped.
    ///
    /// - Parameters:
    ///   - user: the user who reads the page or the mail; nil if the request has no session or no account is known.
    ///   - context: The request, whose `Accept-Language` counts.
    public func language(of user: User?, in context: FlowContext) -> Language {
        for case let language? in [user?.language, context.language] where languages.contains(language) {
            return language
        }
        return defaultLanguage
    }
}
