// SPDX-License-Identifier: Apache-2.0
public import AuthFlows
public import AuthSignals
import Foundation

extension ProviderAnswer {
    /// The response body as JSON, whatever its status and content type, because several providers set them wrongly.
    ///
    /// - Throws: `SocialProviderError` with code `SocialProviderError.Code.unknown`; the response is not quoted.
    public func json() throws(SocialProviderError) -> JSONValue {
        do {
            return try JSONValue.reading(body)
        } catch {
            throw SocialProviderError(.unknown, "the provider's response is not JSON (status \(status))")
        }
    }

    /// The response body as a JSON object.
    func object() throws(SocialProviderError) -> JSONValue {
        let value = try json()
        guard value.members != nil else {
            throw SocialProviderError(.unknown, "the provider's response is not a JSON object")
        }
        return value
    }

    /// Returns the response if its status is a success.
    ///
    /// - Throws: `SocialProviderError`: `SocialProviderError.Code.unreachable` if a later retry may succeed.
    func successful() throws(SocialProviderError) -> ProviderAnswer {
        switch status {
        case 200..<300: return self
        case 429, 500...:
            throw SocialProviderError(.unreachable, "the provider responded with status \(status)")
        default:
            throw SocialProviderError(.unknown, "the provider responded with status \(status)")
        }
    }
}
