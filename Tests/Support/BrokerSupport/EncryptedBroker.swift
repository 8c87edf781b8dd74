// SPDX-License-Identifier: Apache-2.0
import Foundation
import Synchronization
package import ToolSupport

/// A node with a TLS listener, whose certificate tests replace.
public struct EncryptedBroker: Sendable {
    public let node: PrivateBroker
    /// The node's; the files are removed when the process ends.
    package let certificates: Certificates

    public static func start() async throws -> EncryptedBroker {
        let certificates = try await Certificates.make()
        let isFirst = directories.withLock { all in
            all.append(certificates)
            return all.count == 1
        }
        if isFirst { atexit { EncryptedBroker.directories.withLock { all in all.forEach { $0.remove() } } } }
        let node = try await PrivateBroker.start("--tls", certificates.directory)
        return EncryptedBroker(node: node, certificates: certificates)
    }

    private static let directories = Mutex<[Certificates]>([])

    /// Replaces the node's certificate and key; the authority is the same.
    ///
    /// - Parameters: see ``Certificates/make(for:days:)``.
    public func replaceCertificate(for names: String = "DNS:localhost", days: Int = 2) async throws {
        try await certificates.replaceServer(for: names, days: days)
        try await node.evaluate("ssl:clear_pem_cache()")
    }
}
