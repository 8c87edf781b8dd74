// SPDX-License-Identifier: Apache-2.0
import AuthSignals
import Foundation

/// Python's jwcrypto, see `Fixtures/jose.py`: seals and opens JWE, and nobody here wrote it.
enum JOSE {
    /// It is not installed, or refused.
    struct Failure: Error, CustomStringConvertible {
        var complaint: String
        var description: String {
            "python3 with jwcrypto, which `Scripts/test` installs in .build/test-tools, says: \(complaint)"
        }
    }

    /// - Parameter order: `do`, `key`, and what is to be opened or sealed.
    static func run(_ order: JSONValue) async throws -> JSONValue {
        let input = try JSONEncoder().encode(order)
        let output = try await withCheckedThrowingContinuation { continuation in
            Thread { continuation.resume(with: Result { try runWaiting(input) }) }.start()
        }
        return try JSONDecoder().decode(JSONValue.self, from: output)
    }

    private static func runWaiting(_ input: Data) throws -> Data {
        let tests = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        let package = tests.deletingLastPathComponent().deletingLastPathComponent()
        var environment = ProcessInfo.processInfo.environment
        environment["PATH"] =
            "\(package.path)/.build/test-tools/bin:\(environment["PATH"] ?? "/usr/bin:/bin")"
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = ["python3", "-B", tests.appending(path: "Fixtures/jose.py").path]
        process.environment = environment
        let (question, answer, complaint) = (Pipe(), Pipe(), Pipe())
        process.standardInput = question
        process.standardOutput = answer
        process.standardError = complaint
        try process.run()
        try question.fileHandleForWriting.write(contentsOf: input)
        try question.fileHandleForWriting.close()
        let output = try answer.fileHandleForReading.readToEnd() ?? Data()
        let words = try complaint.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else {
            throw Failure(complaint: String(decoding: words.suffix(500), as: UTF8.self))
        }
        return output
    }
}
