// SPDX-License-Identifier: Apache-2.0
import Foundation
import Testing

/// A file under `Golden/`, compared byte for byte.
struct Golden {
    let url: URL

    /// Set to `1` to write the files instead of comparing them; read the difference before committing it.
    static let variable = "AUTH_SIGNALS_WRITE_GOLDEN"

    init(_ name: String) {
        url = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appending(path: "Golden").appending(path: name)
    }

    /// Compares, or writes the file if ``variable`` is set.
    func expect(_ actual: Data, sourceLocation: SourceLocation = #_sourceLocation) throws {
        if ProcessInfo.processInfo.environment[Self.variable] == "1" { return try actual.write(to: url) }
        let expected = try Data(contentsOf: url)
        #expect(
            String(decoding: actual, as: UTF8.self) == String(decoding: expected, as: UTF8.self),
            "differs from Golden/\(url.lastPathComponent)", sourceLocation: sourceLocation)
        #expect(actual == expected, sourceLocation: sourceLocation)
    }
}
