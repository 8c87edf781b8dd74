// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthSignals
import Foundation
import JWTKit

/// The public signing keys of an issuer (RFC 7517), fetched on demand and cached.
struct SigningKeys: Sendable {
    /// More keys than any issuer uses; further ones are ignored.
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

    /// The key with the given id. If it is unknown, the keys are fetched again, because the issuer may have changed
    /// them; at most once per ``CachedDocument/refetchInterval``.
    ///
    /// - Parameter kid: nil if the token has no key id: then the issuer must have exactly one key for the algorithm.
    func key(_ kid: String?, for algorithm: JWK.Algorithm) async throws(SocialProviderError) -> JWK {
        if let key = Self.pick(kid, algorithm, try await document.current()) { return key }
        if let keys = try await document.anew(), let key = Self.pick(kid, algorithm, keys) { return key }
        throw SocialProviderError(
            .invalidToken, "the token is signed with a key that its issuer does not have")
    }

    /// Fetches the keys, unless they are cached.
    func prefetch() async throws(SocialProviderError) { _ = try await document.current() }

    private static func pick(_ kid: String?, _ algorithm: JWK.Algorithm, _ keys: [JWK]) -> JWK? {
        let fitting = keys.filter { key in
            key.keyType == algorithm.keyType && (key.algorithm ?? algorithm) == algorithm
                && (kid == nil || key.keyIdentifier?.string == kid)
        }
        return kid == nil && fitting.count > 1 ? nil : fitting.first
    }

    /// The keys of a response that can verify signatures; others (for encryption, of unknown kinds) are ignored.
    private static func keys(in answer: ProviderAnswer) throws(SocialProviderError) -> [JWK] {
        let entries = try answer.successful().object()["keys"]
        guard case .array(let entries)? = entries else {
            throw SocialProviderError(.unknown, "the issuer's keys are not a JWK set")
        }
        return entries.prefix(mostKeys).compactMap { entry in
            guard entry["use"]?.string ?? "sig" == "sig", let data = try? JSONEncoder().encode(entry),
                var key = try? JSONDecoder().decode(JWK.self, from: data), key.isStrong
            else { return nil }
            // A set with private keys is an error of the issuer; only the public part is used.
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
    /// The key type of a signature algorithm; nil for any other algorithm.
    var keyType: JWK.KeyType? {
        switch rawValue.prefix(2) {
        case "RS" where rawValue.count == 5, "PS": .rsa
        case "ES": .ecdsa
        case "Ed": .octetKeyPair
        default: nil
        }
    }
}
