// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthSignals
import Foundation

extension OAuth2Definition {
    /// A definition with constant URLs.
    init(
        id: String, name: String, authorize: StaticString, token: StaticString, profile: StaticString,
        mapping: @escaping @Sendable (JSONValue) -> Profile
    ) {
        self.init(
            id: id, name: name, authorizationEndpoint: .constant(authorize), tokenEndpoint: .constant(token),
            profileEndpoint: .constant(profile), profile: mapping)
    }
}

extension URL {
    /// The URL of a literal in this code.
    static func constant(_ text: StaticString) -> URL {
        guard let url = URL(string: "\(text)") else { preconditionFailure("invalid URL literal") }
        return url
    }
}
