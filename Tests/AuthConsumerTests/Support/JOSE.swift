// SPDX-License-Identifier: Apache-2.0
import AuthSignals
import Foundation
import ToolSupport

/// Python's jwcrypto, see `Fixtures/jose.py`: seals and opens JWE, and nobody here wrote it. `Scripts/test`
/// installs it.
enum JOSE {
    private static let script = Repository.root.appending(path: "Tests/AuthConsumerTests/Fixtures/jose.py")

    /// - Parameter order: `do`, `key`, and what is to be opened or sealed.
    static func run(_ order: JSONValue) async throws -> JSONValue {
        let answer = try await Tool.run(
            "python3", ["-B", script.path], input: try JSONEncoder().encode(order))
        return try JSONDecoder().decode(JSONValue.self, from: answer)
    }
}
