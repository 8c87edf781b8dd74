// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthSignals
import Foundation

/// The response of a token end-point (RFC 6749, section 5; OpenID Connect Core, section 3.1.3.3).
struct TokenAnswer {
    var token: ProviderToken
    var idToken: TokenText?

    /// - Throws: ``SocialProviderError``; the response contains tokens and is not quoted.
    init(_ answer: ProviderAnswer, now: Date) throws(SocialProviderError) {
        let members: JSONValue
        if answer.contentType == "application/x-www-form-urlencoded" {
            let text = String(decoding: answer.body, as: UTF8.self)
            members = .object(FormEncoding.members(of: text).mapValues(JSONValue.string))
        } else if (500...).contains(answer.status) || answer.status == 429 {
            members = try answer.successful().object()
        } else {
            members = try answer.object()
        }
        // GitHub sends errors with status 200.
        guard (200..<300).contains(answer.status), members["error"]?.string == nil else {
            throw SocialProviderError(
                .unknown,
                "the provider rejected the code\(AuthorizationCode.known(members["error"]?.string))")
        }
        guard let access = members["access_token"]?.string, let access = TokenText(checking: access) else {
            throw SocialProviderError(.unknown, "the provider's response has no access token")
        }
        token = ProviderToken(accessToken: access)
        if let type = members.text("token_type") { token.tokenType = type }
        token.scope = members.text("scope")
        if let scopes = members["scope"]?.elements, !scopes.isEmpty {
            token.scope = scopes.compactMap(\.string).joined(separator: " ")
        }
        token.refreshToken = members.text("refresh_token").flatMap(TokenText.init(checking:))
        if let seconds = members.text("expires_in").flatMap(Double.init), (1...315_360_000).contains(seconds)
        {
            token.expiresAt = now.addingTimeInterval(seconds)
        }
        idToken = members.text("id_token").flatMap(TokenText.init(checking:))
    }
}

extension TokenText {
    /// A token that is valid in a header: visible ASCII (RFC 6749, appendix A.12), at most 16 KiB.
    init?(checking text: String) {
        guard !text.isEmpty, text.utf8.count <= 16384, text.utf8.allSatisfy({ 0x21...0x7E ~= $0 }) else {
            return nil
        }
        self.init(text)
    }
}
