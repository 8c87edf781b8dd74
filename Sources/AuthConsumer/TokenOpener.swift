// SPDX-License-Identifier: Apache-2.0
public import AuthSignals
import Crypto
public import Foundation

/// Opens the providers' tokens that signals carry sealed, with the consumer's copy of `SIGNALS_TOKEN_KEYS`.
///
/// ```swift
/// handlers.on(UserLoggedIn.self, as: "calendar") { signal, context in
///     guard let sociallogin = signal.sociallogin,
///         let token = try tokens.token(of: sociallogin, event: context.id)
///     else { return }
///     try await calendar.subscribe(signal.user.id, bearer: token.exposedAccessToken)
/// }
/// ```
public struct TokenOpener: Sendable {
    private let keys: TokenKeys?

    /// - Parameter keys: nil where none are configured: then no token opens.
    public init(_ keys: TokenKeys?) { self.keys = keys }

    /// The longest text that is looked at, bytes: no event is larger.
    private static let longest = SignalCodec.largestBody

    /// The token of a social log-in; nil where the signal carries none.
    ///
    /// - Parameter event: the id of the event that it came in: `context.id`.
    public func token(
        of sociallogin: SocialLoginSnapshot, event: UUID
    ) throws(TokenOpeningError) -> SocialToken? {
        guard let sealed = sociallogin.token else { return nil }
        return try open(sealed, event: event)
    }

    /// Opens a JWE in compact form.
    ///
    /// - Throws: ``TokenOpeningError``; it quotes nothing of the token.
    public func open(_ sealed: String, event: UUID) throws(TokenOpeningError) -> SocialToken {
        let parts =
            sealed.utf8.count <= Self.longest
            ? sealed.split(separator: ".", omittingEmptySubsequences: false) : []
        guard parts.count == 5, parts[1].isEmpty,
            let headerBytes = Base64URL.bytes(of: String(parts[0])),
            let header = try? SignalCodec.decoder().decode(TokenHeader.self, from: headerBytes),
            let nonce = Base64URL.bytes(of: String(parts[2])), nonce.count == 12,
            let content = Base64URL.bytes(of: String(parts[3])),
            let tag = Base64URL.bytes(of: String(parts[4])), tag.count == 16
        else { throw TokenOpeningError(.malformed, "the text is no JWE in compact form") }
        // A header is the sender's word until the tag says otherwise: nothing but this one form is tried.
        guard header.algorithm == TokenHeader.algorithm, header.encryption == TokenHeader.encryption,
            header.critical == nil, header.compression == nil
        else { throw TokenOpeningError(.malformed, "the JWE is not of alg 'dir' and enc 'A256GCM'") }
        let key = try self.key(header.keyID)
        let plain: Data
        do {
            plain = try AES.GCM.open(
                .init(nonce: .init(data: nonce), ciphertext: content, tag: tag),
                using: SymmetricKey(data: key.exposedBytes), authenticating: Data(parts[0].utf8))
        } catch {
            throw TokenOpeningError(
                .changed, "the token was changed, or sealed under another key that is also called '\(key.id)'"
            )
        }
        guard header.event == event.wireText else {
            throw TokenOpeningError(
                .otherEvent, "the token was sealed for another event than \(event.wireText)")
        }
        do {
            return try SocialToken(exposedJSON: plain)
        } catch {
            throw TokenOpeningError(.malformed, "what was sealed is no token")
        }
    }

    private func key(_ id: String?) throws(TokenOpeningError) -> TokenKeys.Key {
        if let id, let key = keys?[id] { return key }
        // Somebody else's text is shown only where it has a key id's form.
        let name = id.map { TokenKeys.isKeyID($0) ? "'\($0)'" : "of another form" } ?? "not named"
        let mine = keys.map { "are " + $0.keys.map { "'\($0.id)'" }.joined(separator: ", ") } ?? "are none"
        throw TokenOpeningError(
            .unknownKey,
            "the key that sealed the token is \(name); the keys here (\(TokenKeys.settingName)) \(mine)"
        )
    }
}
