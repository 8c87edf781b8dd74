// SPDX-License-Identifier: Apache-2.0
import Foundation
import Testing

/// A file under `Golden/`: released output that must not change by a byte.
struct Golden {
    let url: URL

    /// Set to `1` to write the files instead of comparing them; review the diff before committing it.
    static let variable = "AUTH_SIGNALS_WRITE_GOLDEN"

    init(_ name: String) {
        url = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Golden")
            .appending(path: name)
    }

    var bytes: Data { get throws { try Data(contentsOf: url) } }

    /// Compares `actual` with the file, or writes the file if the environment variable is set.
    func expect(_ actual: Data, sourceLocation: SourceLocation = #_sourceLocation) throws {
        if ProcessInfo.processInfo.environment[Self.variable] == "1" {
            try actual.write(to: url)
            return
        }
        let expected = try bytes
        #expect(
            String(decoding: actual, as: UTF8.self) == String(decoding: expected, as: UTF8.self),
            "differs from Golden/\(url.lastPathComponent)", sourceLocation: sourceLocation)
        #expect(
            actual == expected, "differs from Golden/\(url.lastPathComponent)", sourceLocation: sourceLocation
        )
    }
}
