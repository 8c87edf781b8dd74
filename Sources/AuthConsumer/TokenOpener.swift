// SPDX-License-Identifier: Apache-2.0
public import AuthSignals
import Crypto
public import Foundation

/// Decrypts the providers' sealed tokens in signals, with the consumer's copy of `SIGNALS_TOKEN_KEYS`.
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

    /// - Parameter keys: nil if none are configured: then no token can be opened.
    public init(_ keys: TokenKeys?) { self.keys = keys }

    /// The longest text that is parsed, in bytes: no event is larger.
    private static let longest = SignalCodec.largestBody

    /// The token of a social log-in; nil if the signal contains none.
    ///
    /// - Parameters:
    ///   - sociallogin: The provider's data in the signal.
    ///   - event: The id of the event that contains the token: `context.id`.
    public func token(
        of sociallogin: SocialLoginSnapshot, event: UUID
    ) throws(TokenOpeningError) -> SocialToken? {
        guard let sealed = sociallogin.token else { return nil }
        return try open(sealed, event: event)
    }

    /// Opens a JWE in compact form.
    ///
    /// - Throws: ``TokenOpeningError``, which never quotes the token.
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
        else { throw TokenOpeningError(.malformed, "the text is not a JWE in compact form") }
        // The header is not authenticated yet: only this form is accepted.
        guard header.algorithm == TokenHeader.algorithm, header.encryption == TokenHeader.encryption,
            header.critical == nil, header.compression == nil
        else { throw TokenOpeningError(.malformed, "the JWE must have alg 'dir' and enc 'A256GCM'") }
        let key = try self.key(header.keyID)
        let plain: Data
        do {
            plain = try AES.GCM.open(
                .init(nonce: .init(data: nonce), ciphertext: content, tag: tag),
                using: SymmetricKey(data: key.exposedBytes), authenticating: Data(parts[0].utf8))
        } catch {
            throw TokenOpeningError(
                .changed, "the token was modified, or sealed with a different key with the id '\(key.id)'")
        }
        guard header.event == event.wireText else {
            throw TokenOpeningError(
                .otherEvent, "the token was sealed for an event other than \(event.wireText)")
        }
        do {
            return try SocialToken(exposedJSON: plain)
        } catch {
            throw TokenOpeningError(.malformed, "the decrypted content is not a token")
        }
    }

    private func key(_ id: String?) throws(TokenOpeningError) -> TokenKeys.Key {
        if let id, let key = keys?[id] { return key }
        // The id comes from the wire: it is shown only if it has the form of a key id.
        let name = id.map { TokenKeys.isKeyID($0) ? "'\($0)'" : "an invalid key id" } ?? "no key id"
        let mine = keys.map { $0.keys.map { "'\($0.id)'" }.joined(separator: ", ") } ?? "none"
        throw TokenOpeningError(
            .unknownKey,
            "the token was sealed with an unknown key: \(name); known keys (\(TokenKeys.settingName)): \(mine)"
        )
    }
}
