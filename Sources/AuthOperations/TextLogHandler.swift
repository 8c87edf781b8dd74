// SPDX-License-Identifier: Apache-2.0
import Foundation
public import Logging

/// Log lines as text on standard error: `LOG_FORMAT=text`. Each entry is one line, and none of it is obeyed by a
/// terminal.
public enum TextLogHandler {
    /// - Parameter write: takes one line with its end; standard error by default.
    public static func make(
        label: String, write: (@Sendable (String) -> Void)? = nil
    ) -> StreamLogHandler {
        let write = write ?? { FileHandle.standardError.write(Data($0.utf8)) }
        return StreamLogHandler(label: label, stream: TerminalSafeErrorStream(write))
    }
}
