// SPDX-License-Identifier: Apache-2.0
package import Foundation

/// Where this repository and what was built of it are.
package enum Repository {
    package static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent()

    /// The executables that `.ci/run` builds for release. Snippets are built with the tests only.
    private static let releaseExecutables: Set = ["auth-signals", "auth-consumer", "fault-actor"]

    /// An executable of this package: from the folder that `AUTH_TEST_EXECUTABLES` names, for tests of a release
    /// build; a snippet, or without that variable any executable, from the folder of the running tests.
    package static func executable(_ name: String) -> URL {
        if let folder = ProcessInfo.processInfo.environment["AUTH_TEST_EXECUTABLES"], !folder.isEmpty,
            releaseExecutables.contains(name)
        {
            return URL(filePath: folder, directoryHint: .isDirectory).appending(path: name)
        }
        #if os(Linux)
            let bundle = URL(filePath: CommandLine.arguments[0]).deletingLastPathComponent()
        #else
            let bundle = Bundle.main.bundleURL
        #endif
        return bundle.appending(path: name)
    }
}
