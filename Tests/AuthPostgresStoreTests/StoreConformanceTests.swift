// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthPostgres
import AuthPostgresStore
import AuthSignals
import AuthStore
import AuthTesting
import Foundation
import Logging
import PostgresSupport
import Testing

/// The contracts of a store. Each check has a schema of its own; a store that is opened again has connections of its
/// own, as another host has.
@Suite(
    "The contracts of a store, with PostgreSQL", .serialized,
    .enabled(if: PrivatePostgres.isAvailable, "\(PrivatePostgres.absence)"))
struct StoreConformanceTests {
    /// Runs a check on an empty schema, and closes the connections after it.
    private func check(
        parameters: String = "", _ body: (TestDatabase) async throws -> Void
    ) async throws {
        let schema = try await PrivatePostgres.shared.schema()
        var logger = Logger(label: "test")
        logger.logLevel = .critical
        let (quiet, pools) = (logger, Locked<[PostgresPool]>([]))
        let database = TestDatabase { options in
            let url = try PostgresURL(parsing: schema.url + parameters)
            let pool = PostgresPool(
                url, connections: 6, queue: 10_000, patience: .seconds(60), logger: quiet)
            pools.change { $0.append(pool) }
            let store = try PostgresStore(
                pool: pool, keys: options.keys, codec: options.codec, receivers: options.receivers,
                retention: options.retention, clock: options.clock, logger: quiet)
            try await store.migrate()
            return store
        }
        let outcome: Result<Void, any Error>
        do { outcome = .success(try await body(database)) } catch { outcome = .failure(error) }
        for pool in pools.value { await pool.close() }
        try await schema.drop()
        try outcome.get()
    }

    @Test(arguments: AccountStoreConformance.sentences)
    func `fulfils the contract of an account store`(_ sentence: AccountStoreConformance.Sentence) async throws
    {
        try await check { database in try await sentence.check { database } }
    }

    @Test(arguments: AccountStoreConformance.races)
    func `resolves races with serializable transactions, too`(_ sentence: AccountStoreConformance.Sentence)
        async throws
    {
        try await check(parameters: "&isolation=serializable") { database in
            try await sentence.check { database }
        }
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

    @Test(arguments: MailQueueConformance.sentences)
    func `fulfils the contract of a mail queue with serializable transactions, too`(
        _ sentence: MailQueueConformance.Sentence
    ) async throws {
        try await check(parameters: "&isolation=serializable") { database in
            try await sentence.check { database }
        }
    }

    @Test(arguments: OperatedStoreConformance.sentences)
    func `fulfils the contract of an operated store with serializable transactions, too`(
        _ sentence: OperatedStoreConformance.Sentence
    ) async throws {
        try await check(parameters: "&isolation=serializable") { database in
            try await sentence.check { database }
        }
    }

    @Test func `several hosts can migrate an empty database at once`() async throws {
        try await check { database in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<6 {
                    group.addTask { try await database.open().checkSchema() }
                }
                try await group.waitForAll()
            }
        }
    }
}
