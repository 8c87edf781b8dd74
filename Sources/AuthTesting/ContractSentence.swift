// SPDX-License-Identifier: Apache-2.0

/// One rule of a seam's contract, with the check that an implementation follows it.
///
/// ```swift
/// @Test(arguments: OutboxConformance.sentences)
/// func `keeps the contract`(_ sentence: OutboxConformance.Sentence) async throws {
///     try await sentence.check { OutboxConformance.Subject(MemoryOutbox()) }
/// }
/// ```
public struct ContractSentence<Subject: Sendable>: Sendable, CustomStringConvertible {
    /// The rule as a sentence.
    public let text: String
    private let body: @Sendable (Subject) async throws -> Void

    init(_ text: String, _ body: @escaping @Sendable (Subject) async throws -> Void) {
        self.text = text
        self.body = body
    }

    /// Checks a new instance of an implementation; a violation is recorded as an issue of the running test.
    ///
    /// - Parameter make: creates an unused instance.
    public func check(_ make: () async throws -> Subject) async throws { try await body(make()) }

    public var description: String { text }
}
