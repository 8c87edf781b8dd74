// SPDX-License-Identifier: Apache-2.0
import AuthTesting
import BrokerSupport
import Foundation
import ToolSupport

/// The node that the trials share and disturb, with a TLS listener. Other suites use a different node.
struct FaultBroker: Sendable {
    let encrypted: EncryptedBroker
    let version: String

    var node: PrivateBroker { encrypted.node }

    static var shared: FaultBroker {
        get async throws { try await starting.value }
    }

    private static let starting = Task {
        let encrypted = try await EncryptedBroker.start()
        let version = try await encrypted.node.ctl("version").trimmingCharacters(in: .whitespacesAndNewlines)
        return FaultBroker(encrypted: encrypted, version: version)
    }
}
