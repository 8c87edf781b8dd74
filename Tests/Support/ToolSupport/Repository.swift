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
