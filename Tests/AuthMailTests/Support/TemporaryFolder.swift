// SPDX-License-Identifier: Apache-2.0
import Foundation

/// A folder for one test, removed with its content at the end.
func withTemporaryFolder<R>(_ body: (String) async throws -> R) async throws -> R {
    let path = FileManager.default.temporaryDirectory.appending(path: "auth-mail-\(UUID().uuidString)").path
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: path) }
    return try await body(path)
}
