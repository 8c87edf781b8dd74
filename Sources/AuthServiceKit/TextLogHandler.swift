// SPDX-License-Identifier: Apache-2.0
import Foundation
public import Logging

/// A log handler that writes text to standard error: `LOG_FORMAT=text`. Each entry is one line, and control characters
/// are escaped.
public enum TextLogHandler {
    /// - Parameter write: receives one line, with its line break; writes to standard error by default.
    public static func make(
        label: String, write: (@Sendable (String) -> Void)? = nil
    ) -> StreamLogHandler {
        let write = write ?? { FileHandle.standardError.write(Data($0.utf8)) }
        return StreamLogHandler(label: label, stream: TerminalSafeErrorStream(write))
    }
}
