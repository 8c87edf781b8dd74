// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthSignals
import Foundation
import JWTKit

/// Verifies ID tokens (OpenID Connect Core, section 3.1.3.7): signature first, then every claim.
struct IDTokenVerifier: Sendable {
    /// The allowed difference between the issuer's clock and ours, in seconds.
    static let leeway: TimeInterval = 60

    let keys: SigningKeys
    let clock: any WallClock
    /// Whether a token with this client as its only audience is accepted although it was issued to another client of
    /// the same owner (`azp`). Phone apps get tokens for their server from Google that way.
    var allowsOtherParties = false

    init(keys: SigningKeys, clock: any WallClock, allowsOtherParties: Bool = false) {
        self.keys = keys
        self.clock = clock
        self.allowsOtherParties = allowsOtherParties
    }

    /// Verifies a token and returns its claims.
    ///
    /// - Parameters:
    ///   - audiences: the token must be for one of these.
    ///   - nonce: the nonce of the authorization request. Nil for a token sent by an application: such a token can be
    ///     used only once, see ``oneTimeToken(_:issuer:)``.
    /// - Throws: ``SocialProviderError`` with code ``SocialProviderError/Code/invalidToken``, or the error of
    ///   fetching the
    ///   keys.
    func claims(
        of token: TokenText, issuer: String, audiences: [String], nonce: String?
    ) async throws(SocialProviderError) -> JSONValue {
        let claims = try await signedClaims(of: token, "ID token")
        try check(claims, issuer: issuer, audiences: audiences)
        if let nonce, claims["nonce"]?.string != nonce {
            throw Self.invalid("belongs to another request: nonce")
        }
        return claims
    }

    /// What the flows store about a token sent by an application, to reject its reuse; nil if it has no id (`jti`).
    static func oneTimeToken(_ claims: JSONValue, issuer: String) -> OneTimeToken? {
        guard let id = claims.text("jti"), let end = claims.date("exp") else { return nil }
        return OneTimeToken(id: "\(issuer) \(id)", expiresAt: end + leeway)
    }

    /// The claims of a userinfo response that is a signed JWT (OpenID Connect Core, section 5.3.2). `iss` and `aud` are
    /// optional there, but must be correct if they are present.
    ///
    /// - Throws: ``SocialProviderError``, which names the setting that turns userinfo off.
    func userInfo(
        _ token: TokenText, issuer: String, audience: String
    ) async throws(SocialProviderError) -> JSONValue {
        do throws(SocialProviderError) {
            let claims = try await signedClaims(of: token, "userinfo", types: ["jwt", "userinfo+jwt"])
            let told = claims["aud"]?.elements.map(\.string) ?? []
            guard claims["iss"] == nil || claims["iss"]?.string == issuer else {
                throw Self.invalid("comes from another issuer: iss", "userinfo")
            }
            guard claims["aud"] == nil || claims["aud"]?.string == audience || told.contains(audience) else {
                throw Self.invalid("is for another client: aud", "userinfo")
            }
            if let end = claims.date("exp"), clock.now() >= end + Self.leeway {
                throw Self.invalid("has expired", "userinfo")
            }
            return claims
        } catch  where error.code == .invalidToken {
            throw SocialProviderError(error.code, "\(error.message); \(Self.withoutUserInfo)")
        }
    }

    /// What to do if userinfo cannot be read.
    static let withoutUserInfo = "set fetch_userinfo to false to log in without it"

    /// - Parameters:
    ///   - name: the name of the token in error texts.
    ///   - types: the allowed values of `typ`, in lower case; nil allows any that is not another kind of token.
    private func signedClaims(
        of token: TokenText, _ name: String, types: Set<String>? = nil
    ) async throws(SocialProviderError) -> JSONValue {
        func invalid(_ what: String) -> SocialProviderError { Self.invalid(what, name) }
        guard let token = TokenText(checking: token.exposedText) else { throw invalid("is not a token") }
        let parts = token.exposedText.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count != 5 else { throw invalid("is encrypted, which is not supported") }
        guard parts.count == 3, let header = Data(base64URL: String(parts[0])),
            let header = try? JSONDecoder().decode(JSONValue.self, from: header)
        else { throw invalid("is not a JWT") }
        // The token's own `alg` is never trusted alone: only asymmetric algorithms are accepted, and only one that
        // fits the
        // key. This excludes `none`, and HMAC with a public key as its secret.
        guard let name = header["alg"]?.string, let algorithm = JWK.Algorithm(rawValue: name),
            algorithm.keyType != nil
        else { throw invalid("is signed with an algorithm that is not supported") }
        // RFC 8725, section 3.11: an access token of the same issuer (`at+jwt`) can have all the checked claims
        // although it
        // was issued for another purpose, and so can a logout token.
        let type = header["typ"]?.string?.lowercased()
        guard types.map({ types in type.map(types.contains) ?? true }) ?? (type?.hasSuffix("+jwt") != true)
        else {
            throw invalid("is a token of another kind: typ")
        }
        guard header["crit"] == nil else { throw invalid("requires an unsupported extension: crit") }
        let kid = header["kid"]?.string
        var key = try await keys.key(kid, for: algorithm)
        key.algorithm = algorithm
        key.keyIdentifier = JWKIdentifier(string: kid ?? "the only one")
        do {
            let signers = JWTKeyCollection()
            try await signers.add(jwk: key)
            let claims = try await signers.verify(token.exposedText, as: Claims.self).members
            // Parses the same bytes again: JWTKit's decoder keeps only one of two canonically equivalent names.
            return Data(base64URL: String(parts[1])).flatMap { try? JSONValue.reading($0) } ?? claims
        } catch {
            throw invalid("is not signed by its issuer")
        }
    }

    private func check(
        _ claims: JSONValue, issuer: String, audiences: [String]
    ) throws(SocialProviderError) {
        let now = clock.now()
        guard claims["sub"]?.string?.isEmpty == false else { throw Self.invalid("names no person: sub") }
        guard claims["iss"]?.string == issuer else { throw Self.invalid("comes from another issuer: iss") }
        var told = claims["aud"]?.elements.map(\.string) ?? []
        if let one = claims["aud"]?.string { told = [one] }
        guard let audience = audiences.first(where: told.contains), !audience.isEmpty else {
            throw Self.invalid("is for another client: aud")
        }
        let party = claims["azp"]
        guard party != nil || told.count == 1,
            party == nil || party?.string == audience || (allowsOtherParties && told.count == 1)
        else { throw Self.invalid("was issued to another client: azp") }
        guard let end = claims.date("exp"), now < end + Self.leeway else { throw Self.invalid("has expired") }
        guard let issued = claims.date("iat"), issued <= now + Self.leeway else {
            throw Self.invalid("is from the future: iat")
        }
        if claims["nbf"] != nil {
            guard let start = claims.date("nbf"), start <= now + Self.leeway else {
                throw Self.invalid("is not valid yet: nbf")
            }
        }
    }

    static func invalid(_ what: String, _ name: String = "ID token") -> SocialProviderError {
        SocialProviderError(.invalidToken, "the \(name) \(what)")
    }

    /// All claims; `check` verifies them against our clock.
    private struct Claims: JWTPayload {
        let members: JSONValue
        init(from decoder: any Decoder) throws { members = try JSONValue(from: decoder) }
        func encode(to encoder: any Encoder) throws { try members.encode(to: encoder) }
        func verify(using algorithm: some JWTAlgorithm) throws {}
    }
}

extension JSONValue {
    /// A NumericDate (RFC 7519, section 2).
    fileprivate func date(_ member: String) -> Date? {
        switch self[member] {
        case .integer(let seconds)?: Date(timeIntervalSince1970: TimeInterval(seconds))
        case .number(let seconds)?: Date(timeIntervalSince1970: seconds)
        default: nil
        }
    }
}
