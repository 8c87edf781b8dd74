// SPDX-License-Identifier: Apache-2.0

/// Named points in a relay's run at which a test can stop it.
package struct RelayFailpoints: Sendable {
    /// A point in the relay's run.
    package enum Point: String, Hashable, Sendable, CaseIterable {
        case beforeRead, afterRead
        case beforePublish, afterPublish
        case beforeConfirm, afterConfirm
        case beforeSettle, afterSettle
    }

    private let reached: (@Sendable (Point) async throws -> Void)?

    /// No failpoints.
    package static let none = RelayFailpoints(reached: nil)

    private init(reached: (@Sendable (Point) async throws -> Void)?) { self.reached = reached }

    /// - Parameter reached: Called at every point; an error ends the relay there, as a crash would.
    package init(_ reached: @escaping @Sendable (Point) async throws -> Void) { self.reached = reached }

    func reach(_ point: Point) async throws {
        if let reached { try await reached(point) }
    }
}
