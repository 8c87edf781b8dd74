// SPDX-License-Identifier: Apache-2.0

/// Named places in a relay's work at which a test may stop it; a program leaves them alone.
public struct RelayFailpoints: Sendable {
    /// A place.
    public enum Point: String, Hashable, Sendable, CaseIterable {
        case beforeRead, afterRead
        case beforePublish, afterPublish
        case beforeConfirm, afterConfirm
        case beforeSettle, afterSettle
    }

    private let reached: (@Sendable (Point) async throws -> Void)?

    /// Nothing happens anywhere.
    public static let none = RelayFailpoints(reached: nil)

    private init(reached: (@Sendable (Point) async throws -> Void)?) { self.reached = reached }

    /// - Parameter reached: called at every place; what it throws ends the relay there, as a crash would.
    public init(_ reached: @escaping @Sendable (Point) async throws -> Void) { self.reached = reached }

    func reach(_ point: Point) async throws {
        if let reached { try await reached(point) }
    }
}
