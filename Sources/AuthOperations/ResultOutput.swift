// SPDX-License-Identifier: Apache-2.0
import Foundation

/// Standard output for a command whose reader may go away while it writes.
public struct ResultOutput: Sendable {
    /// Whether somebody reads it on a terminal.
    public let isTerminal = isatty(STDOUT_FILENO) == 1

    /// From now on a closed pipe is an answer, and no longer the process's end.
    public init() { signal(SIGPIPE, SIG_IGN) }

    /// Whether nobody reads it any more.
    public var isClosed: Bool {
        var end = pollfd(fd: STDOUT_FILENO, events: 0, revents: 0)
        return poll(&end, 1, 0) > 0 && end.revents & Int16(POLLERR | POLLHUP | POLLNVAL) != 0
    }

    /// Writes a line, with what a terminal would obey escaped.
    ///
    /// - Returns: false where nobody reads it any more.
    public func write(line: String) -> Bool {
        var rest = Array((line.terminalSafe + "\n").utf8)[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Foundation.write(STDOUT_FILENO, $0.baseAddress, $0.count) }
            if count < 0, errno != EINTR { return false }
            if count > 0 { rest = rest.dropFirst(count) }
        }
        return true
    }
}
