// SPDX-License-Identifier: Apache-2.0
import Foundation
import ToolSupport

/// This package's `Scripts/postgres`.
enum Script {
    static let path = Repository.root.appending(path: "Scripts/postgres").path

    /// Runs it and returns its output.
    @discardableResult
    static func run(_ arguments: [String]) async throws -> String {
        String(decoding: try await Tool.run("bash", [path] + arguments), as: UTF8.self)
    }
}
