// SPDX-License-Identifier: Apache-2.0
public import AuthFlows
public import AuthSignals
import Foundation

extension ProviderAnswer {
    /// The answer as JSON, whatever its status and content type: several providers err in both.
    ///
    /// - Throws: ``SocialProviderError`` with code ``SocialProviderError/Code/unknown``; the answer is not
    ///   quoted.
    public func json() throws(SocialProviderError) -> JSONValue {
        do {
            return try JSONValue.reading(body)
        } catch {
            throw SocialProviderError(.unknown, "the provider's answer is not JSON (status \(status))")
        }
    }

    /// The answer as a JSON object.
    func object() throws(SocialProviderError) -> JSONValue {
        let value = try json()
        guard value.members != nil else {
            throw SocialProviderError(.unknown, "the provider's answer is no JSON object")
        }
        return value
    }

    /// Passes an answer of success on.
    ///
    /// - Throws: ``SocialProviderError``: ``SocialProviderError/Code/unreachable`` where trying later may
    ///   help.
    func successful() throws(SocialProviderError) -> ProviderAnswer {
        switch status {
        case 200..<300: return self
        case 429, 500...:
            throw SocialProviderError(.unreachable, "the provider answered with status \(status)")
        default:
            throw SocialProviderError(.unknown, "the provider answered with status \(status)")
        }
    }
}
