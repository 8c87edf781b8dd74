// SPDX-License-Identifier: Apache-2.0
import Foundation
import ToolSupport

/// `Scripts/rabbitmq` of this package.
enum Script {
    static let path = Repository.root.appending(path: "Scripts/rabbitmq").path

    /// Runs it and returns what it prints.
    @discardableResult
    static func run(_ arguments: [String]) async throws -> String {
        String(decoding: try await Tool.run("bash", [path] + arguments), as: UTF8.self)
    }
}
