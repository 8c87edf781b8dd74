// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthSignals
import Foundation
import JWTKit

/// The public keys that an issuer signs with (RFC 7517), fetched when they are wanted and kept.
struct SigningKeys: Sendable {
    /// More keys than any issuer has in use; the rest is passed over.
    private static let mostKeys = 64
    private let document: CachedDocument<[JWK]>

    init(at endpoint: URL, http: any ProviderHTTP, clock: any WallClock, allowsPlainHTTP: Bool = false) {
        self.init(clock: clock) { () async throws(SocialProviderError) in
            var request = ProviderRequest.get(endpoint)
            request.allowsPlainHTTP = allowsPlainHTTP
            return try await http.send(request)
        }
    }

    init(
        clock: any WallClock,
        answer: @escaping @Sendable () async throws(SocialProviderError) -> ProviderAnswer
    ) {
        document = CachedDocument(clock: clock) {
            do throws(SocialProviderError) {
                return .success(try Self.keys(in: try await answer()))
            } catch {
                return .failure(error)
            }
        }
    }

    /// The key of that name. One that is not known is looked for once more at the issuer, which may have
    /// changed its keys; not more often than ``CachedDocument/refetchInterval`` lets it.
    ///
    /// - Parameter kid: nil where the token names none: then the issuer must have just one for the algorithm.
    func key(_ kid: String?, for algorithm: JWK.Algorithm) async throws(SocialProviderError) -> JWK {
        if let key = Self.pick(kid, algorithm, try await document.current()) { return key }
        if let keys = try await document.anew(), let key = Self.pick(kid, algorithm, keys) { return key }
        throw SocialProviderError(
            .invalidToken, "the token is signed with a key that its issuer does not have")
    }

    /// Fetches the keys, unless they are there.
    func prefetch() async throws(SocialProviderError) { _ = try await document.current() }

    private static func pick(_ kid: String?, _ algorithm: JWK.Algorithm, _ keys: [JWK]) -> JWK? {
        let fitting = keys.filter { key in
            key.keyType == algorithm.keyType && (key.algorithm ?? algorithm) == algorithm
                && (kid == nil || key.keyIdentifier?.string == kid)
        }
        return kid == nil && fitting.count > 1 ? nil : fitting.first
    }

    /// The keys of an answer that can verify; others (for encryption, of unknown kinds) are passed over.
    private static func keys(in answer: ProviderAnswer) throws(SocialProviderError) -> [JWK] {
        let entries = try answer.successful().object()["keys"]
        guard case .array(let entries)? = entries else {
            throw SocialProviderError(.unknown, "the issuer's keys are no JWK set")
        }
        return entries.prefix(mostKeys).compactMap { entry in
            guard entry["use"]?.string ?? "sig" == "sig", let data = try? JSONEncoder().encode(entry),
                var key = try? JSONDecoder().decode(JWK.self, from: data), key.isStrong
            else { return nil }
            // A set with private keys in it is a mistake of the issuer's; only the public half is of use.
            key.privateExponent = nil
            return key
        }
    }
}

extension JWK {
    /// RSA keys of less than 2048 bits are refused (RFC 7518, section 3.3).
    fileprivate var isStrong: Bool {
        guard keyType == .rsa else { return true }
        guard let modulus, let bytes = Data(base64URL: modulus) else { return false }
        return bytes.drop { $0 == 0 }.count >= 256
    }
}

extension JWK.Algorithm {
    /// The kind of key of a signature algorithm; nil for what signs nothing.
    var keyType: JWK.KeyType? {
        switch rawValue.prefix(2) {
        case "RS" where rawValue.count == 5, "PS": .rsa
        case "ES": .ecdsa
        case "Ed": .octetKeyPair
        default: nil
        }
    }
}
