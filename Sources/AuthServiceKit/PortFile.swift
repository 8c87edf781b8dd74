// SPDX-License-Identifier: Apache-2.0
import Foundation
package import NIOCore

/// A file with the port that a process listens on, for tests and scripts that let the system pick a free port.
package struct PortFile: Sendable {
    private let path: String

    package init(path: String) { self.path = path }

    /// Writes the port of a listening channel to the file, atomically.
    package func write(_ channel: any Channel) {
        guard let port = channel.localAddress?.port else { return }
        // An error is ignored: a reader that waits for the file times out, and the listener itself works.
        try? Data("\(port)\n".utf8).write(to: URL(filePath: path), options: .atomic)
    }
}
