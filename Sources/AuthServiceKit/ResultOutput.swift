// SPDX-License-Identifier: Apache-2.0
import Foundation

/// Standard output for a command whose reader may close the pipe while it writes.
package struct ResultOutput: Sendable {
    /// Whether standard output is a terminal.
    package let isTerminal = isatty(STDOUT_FILENO) == 1

    /// Ignores SIGPIPE from now on: writing to a closed pipe returns an error instead of ending the process.
    package init() { signal(SIGPIPE, SIG_IGN) }

    /// Whether the reader has closed the pipe.
    package var isClosed: Bool {
        var end = pollfd(fd: STDOUT_FILENO, events: 0, revents: 0)
        return poll(&end, 1, 0) > 0 && end.revents & Int16(POLLERR | POLLHUP | POLLNVAL) != 0
    }

    /// Writes a line, with control characters escaped.
    ///
    /// - Returns: false if it cannot be written, because the reader has closed the pipe.
    package func write(line: String) -> Bool {
        var rest = Array((line.terminalSafe + "\n").utf8)[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Foundation.write(STDOUT_FILENO, $0.baseAddress, $0.count) }
            if count < 0, errno != EINTR { return false }
            if count > 0 { rest = rest.dropFirst(count) }
        }
        return true
    }
}
