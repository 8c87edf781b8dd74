// SPDX-License-Identifier: Apache-2.0
import AuthSQLiteStore
import AuthStore
import AuthTesting
import Foundation
import Testing

/// The contracts of a store. Each check has a file of its own; a store that is opened again shares it, as another
/// process does.
@Suite struct StoreConformanceTests {
    /// Runs a check on an empty file.
    private func check(_ body: (TestDatabase) async throws -> Void) async throws {
        let folder = try TemporaryFolder()
        let database = TestDatabase { options in
            let store = try SQLiteStore(
                path: folder.file("auth.sqlite"), keys: options.keys, codec: options.codec,
                receivers: options.receivers, retention: options.retention, clock: options.clock)
            try await store.migrate()
            return store
        }
        try await body(database)
    }

    @Test(arguments: AccountStoreConformance.sentences)
    func `fulfils the contract of an account store`(_ sentence: AccountStoreConformance.Sentence) async throws
    {
        try await check { database in try await sentence.check { database } }
    }

    @Test(arguments: MailQueueConformance.sentences)
    func `fulfils the contract of a mail queue`(_ sentence: MailQueueConformance.Sentence) async throws {
        try await check { database in try await sentence.check { database } }
    }

    @Test(arguments: OperatedStoreConformance.sentences)
    func `fulfils the contract of an operated store`(_ sentence: OperatedStoreConformance.Sentence)
        async throws
    {
        try await check { database in try await sentence.check { database } }
    }
}
