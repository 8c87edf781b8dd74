// SPDX-License-Identifier: Apache-2.0
import Testing

/// Waits until a condition holds, at most `limit`; records an issue where it never does.
func eventually(
    within limit: Duration = .seconds(20), _ what: Comment, sourceLocation: SourceLocation = #_sourceLocation,
    _ condition: () async throws -> Bool
) async throws {
    let end = ContinuousClock.now + limit
    while ContinuousClock.now < end {
        if try await condition() { return }
        try await Task.sleep(for: .milliseconds(5))
    }
    Issue.record("it never happened: \(what)", sourceLocation: sourceLocation)
}
