// SPDX-License-Identifier: Apache-2.0
package import Foundation

/// A temporary directory that is removed when the object is deinitialized.
package final class Folder: Sendable {
    package let url: URL

    package init() throws {
        url = FileManager.default.temporaryDirectory.appending(path: "auth-signals-test-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(at: url) }

    package func path(_ name: String) -> String { url.appending(path: name).path }

    /// Every file in the directory and its subdirectories, with its bytes.
    package func files() -> [(name: String, bytes: Data)] {
        let names = (try? FileManager.default.subpathsOfDirectory(atPath: url.path)) ?? []
        return names.compactMap { name in
            FileManager.default.contents(atPath: path(name)).map { (name, $0) }
        }
    }
}
