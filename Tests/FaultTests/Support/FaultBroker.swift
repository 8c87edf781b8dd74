// SPDX-License-Identifier: Apache-2.0
import AuthTesting
import BrokerSupport
import Foundation
import ToolSupport

/// The node that the trials share and disturb, with a TLS listener. Other suites use a different node.
struct FaultBroker: Sendable {
    let node: PrivateBroker
    /// The directory with the node's `server.pem` and `server.key`.
    let certificates: Certificates
    let version: String

    static var shared: FaultBroker {
        get async throws { try await starting.value }
    }

    private static let starting = Task {
        let certificates = try await Certificates.make()
        let node = try await PrivateBroker.start("--tls", certificates.directory)
        let version = try await node.ctl("version").trimmingCharacters(in: .whitespacesAndNewlines)
        atexit { try? FileManager.default.removeItem(atPath: FaultBroker.directory.value) }
        FaultBroker.directory.change { $0 = certificates.directory }
        return FaultBroker(node: node, certificates: certificates, version: version)
    }

    private static let directory = Locked("")
}
