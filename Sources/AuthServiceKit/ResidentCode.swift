// SPDX-License-Identifier: Apache-2.0
import Foundation

/// Releases the memory pages of the executable's code that only the start of the process needed.
///
/// Code is mapped from the executable's file, and every page that was executed once counts as memory of the process,
/// even if it is not needed again: settings, for example, are read once. When a released page is needed again, it is
/// mapped from the system's cache of the file, and is read from the disk only if the system has reclaimed that cache.
package enum ResidentCode {
    /// How long after the start the pages are released: connections and the first sweeps are then over.
    private static let delay = Duration.seconds(5)

    /// Releases the pages some seconds after the start.
    ///
    /// - Returns: the task that waits until then.
    static func releaseSoon() -> Task<Void, Never> {
        Task {
            if (try? await Task.sleep(for: delay)) != nil { release() }
        }
    }

    private static func release() {
        #if os(Linux)
            // Without /proc nothing is released.
            guard let maps = try? String(contentsOfFile: "/proc/self/smaps", encoding: .utf8),
                let program = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
            else { return }
            for range in unmodifiedCode(of: program, in: maps) {
                // An error is ignored: the pages then stay mapped.
                _ = madvise(UnsafeMutableRawPointer(bitPattern: range.lowerBound), range.count, MADV_DONTNEED)
            }
        #endif
    }

    /// The mappings of a program's code that contain no modified page. A modified page is private to the process and
    /// would be lost: a debugger's breakpoints, for example.
    ///
    /// - Parameters:
    ///   - program: the path of its executable.
    ///   - maps: the content of `/proc/self/smaps` (proc_pid_smaps(5)).
    package static func unmodifiedCode(of program: String, in maps: String) -> [Range<UInt>] {
        var found: [Range<UInt>] = []
        var code: Range<UInt>?
        for line in maps.split(separator: "\n") {
            let parts = line.split(separator: " ", maxSplits: 5, omittingEmptySubsequences: true)
            guard let first = parts.first else { continue }
            if !first.hasSuffix(":") {
                let isCode =
                    parts.count == 6 && parts[1] == "r-xp" && parts[5].drop { $0 == " " } == program
                code = isCode ? range(first) : nil
            } else if first == "Anonymous:", let range = code {
                if parts.count >= 2, parts[1] == "0" { found.append(range) }
                code = nil
            }
        }
        return found
    }

    private static func range(_ text: Substring) -> Range<UInt>? {
        let ends = text.split(separator: "-").map { UInt($0, radix: 16) }
        guard ends.count == 2, let start = ends[0], let end = ends[1], start < end else { return nil }
        return start..<end
    }
}
