// SPDX-License-Identifier: Apache-2.0
package import Foundation

/// Where this repository and what was built of it are.
package enum Repository {
    package static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent()

    /// An executable beside the running tests.
    package static func executable(_ name: String) -> URL {
        #if os(Linux)
            let bundle = URL(filePath: CommandLine.arguments[0]).deletingLastPathComponent()
        #else
            let bundle = Bundle.main.bundleURL
        #endif
        return bundle.appending(path: name)
    }
}

/// A folder that goes when it is no longer used.
package final class Folder: Sendable {
    package let url: URL

    package init() throws {
        url = FileManager.default.temporaryDirectory.appending(path: "auth-signals-test-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(at: url) }

    package func path(_ name: String) -> String { url.appending(path: name).path }

    /// Every file below it, with its bytes.
    package func files() -> [(name: String, bytes: Data)] {
        let names = (try? FileManager.default.subpathsOfDirectory(atPath: url.path)) ?? []
        return names.compactMap { name in
            FileManager.default.contents(atPath: path(name)).map { (name, $0) }
        }
    }
}

/// A condition that was awaited in vain.
package struct TimedOut: Error, CustomStringConvertible {
    package var description: String
    package init(description: String) { self.description = description }
}

/// Waits until `condition` gives a value.
package func eventually<T>(
    _ what: String, within limit: Duration = .seconds(30), _ condition: () async throws -> T?
) async throws -> T {
    let deadline = ContinuousClock.now + limit
    while ContinuousClock.now < deadline {
        if let value = try await condition() { return value }
        try await Task.sleep(for: .milliseconds(20))
    }
    throw TimedOut(description: "\(what), within \(limit)")
}
