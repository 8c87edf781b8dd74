// SPDX-License-Identifier: Apache-2.0
import CBare
import Foundation

/// A TCP proxy on a free loopback port that holds back what it passes on, as a network does.
final class DelayingProxy {
    let port: UInt16
    private let listener: Int32

    /// - Parameter microseconds: how long each direction is held back.
    init(port server: UInt16, microseconds: UInt32) throws {
        var port: UInt16 = 0
        listener = bare_delay(server, microseconds, &port)
        guard listener >= 0 else { throw BenchError("the delaying proxy cannot listen") }
        self.port = port
    }

    /// Accepts no more connections; open ones end with their peers.
    func stop() { _ = shutdown(listener, Int32(SHUT_RDWR)) }
}
