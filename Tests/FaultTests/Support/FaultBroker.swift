// SPDX-License-Identifier: Apache-2.0
import AuthTesting
import BrokerSupport
import Foundation
import ToolSupport

/// The node that the trials share and maltreat, with a listener for TLS; it is not the one of other suites.
struct FaultBroker: Sendable {
    let node: PrivateBroker
    /// The node serves `server.pem` and `server.key` of this folder.
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
