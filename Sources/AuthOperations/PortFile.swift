// SPDX-License-Identifier: Apache-2.0
import Foundation
public import NIOCore

/// A file that tells others on which port a process listens, where the system has picked one.
public struct PortFile: Sendable {
    private let path: String

    public init(path: String) { self.path = path }

    /// Writes the port of a channel that listens, whole or not at all.
    public func write(_ channel: any Channel) {
        guard let port = channel.localAddress?.port else { return }
        // Who waits for the file sees that it is not there; there is nobody else to tell.
        try? Data("\(port)\n".utf8).write(to: URL(filePath: path), options: .atomic)
    }
}
