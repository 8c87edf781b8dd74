// SPDX-License-Identifier: Apache-2.0

/// The contract of an `AccountStore` as a list of checks that every implementation must pass.
///
/// ```swift
/// @Test(arguments: AccountStoreConformance.sentences)
/// func `fulfils the contract of an account store`(_ sentence: AccountStoreConformance.Sentence) async throws {
///     try await sentence.check { try await database() }
/// }
/// ```
public enum AccountStoreConformance {
    public typealias Sentence = ContractSentence<TestDatabase>

    /// All rules.
    public static let sentences = rows + sessions + conflicts + socialAccounts + transactions + pages + races
}
