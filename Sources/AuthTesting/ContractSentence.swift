// SPDX-License-Identifier: Apache-2.0

/// One sentence of a seam's contract, with the check that an implementation keeps it.
///
/// ```swift
/// @Test(arguments: OutboxConformance.sentences)
/// func `keeps the contract`(_ sentence: OutboxConformance.Sentence) async throws {
///     try await sentence.check { OutboxConformance.Subject(MemoryOutbox()) }
/// }
/// ```
public struct ContractSentence<Subject: Sendable>: Sendable, CustomStringConvertible {
    /// The sentence.
    public let text: String
    private let body: @Sendable (Subject) async throws -> Void

    init(_ text: String, _ body: @escaping @Sendable (Subject) async throws -> Void) {
        self.text = text
        self.body = body
    }

    /// Checks a fresh implementation; a breach is recorded as an issue of the running test.
    ///
    /// - Parameter make: makes one that nothing was done with yet.
    public func check(_ make: () async throws -> Subject) async throws { try await body(make()) }

    public var description: String { text }
}
