// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthOperations
import AuthProviders
import Foundation

extension InstallationSettings {
    /// The providers whose accounts people may log in with.
    func providers() throws -> [any SocialProvider] {
        guard usesDummyProvider else { return [] }
        guard let url = URL(string: account.links.publicURL) else {
            throw ProcessFailure(.usage, "PUBLIC_URL: is no URL")
        }
        return [DummyProvider(publicURL: url)]
    }
}
