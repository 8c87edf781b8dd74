// SPDX-License-Identifier: Apache-2.0
import AuthSignals
import Foundation
import ToolSupport

/// Seals and opens JWE with Python's jwcrypto, an independent implementation; see `Fixtures/jose.py`.
/// `Scripts/test` installs it.
enum JOSE {
    private static let script = Repository.root.appending(path: "Tests/AuthConsumerTests/Fixtures/jose.py")

    /// - Parameter order: `do`, `key`, and the input to open or seal.
    static func run(_ order: JSONValue) async throws -> JSONValue {
        let answer = try await Tool.run(
            "python3", ["-B", script.path], input: try JSONEncoder().encode(order))
        return try JSONDecoder().decode(JSONValue.self, from: answer)
    }
}
