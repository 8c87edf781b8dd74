// SPDX-License-Identifier: Apache-2.0
import Foundation
import NIOCore
public import ServiceLifecycle

/// A service that listens on a port, and says which one where it cannot.
public struct ListeningService: Service {
    private let service: any Service
    private let setting: String
    private let address: String

    /// - Parameters:
    ///   - setting: the name that the port was set by.
    ///   - host: an address, or a name.
    public init(_ service: some Service, setting: String, host: String, port: Int) {
        self.service = service
        self.setting = setting
        address = host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
    }

    /// - Throws: ``ProcessFailure`` with code 1 where the port is in use or is not this user's to listen on.
    public func run() async throws {
        do {
            try await service.run()
        } catch let error as IOError where Self.reasons[error.errnoCode] != nil {
            throw ProcessFailure(
                .failed,
                "\(setting): cannot listen on \(address): \(Self.reasons[error.errnoCode] ?? "")")
        }
    }

    private static let reasons: [CInt: String] = [
        EADDRINUSE: "another program has the port; stop that one, or set another port",
        EACCES: "this user may not; set a port above 1023",
        EADDRNOTAVAIL: "this host has no such address; set another host",
    ]
}
