// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthSignals
import AuthSQLiteStore
import AuthStore
import AuthTesting
import Foundation
import GRDB
import Testing

/// Look-ups that run at the same time share reads; each gets its own result.
@Suite struct LookupTests {
    private let users = (0..<20).map { User.test("user\($0)") }
    private let tokens = (0..<20).map { _ in SessionToken.random() }

    private func store(in folder: TemporaryFolder) async throws -> SQLiteStore {
        let store = try await folder.store()
        let (users, tokens) = (users, tokens)
        try await store.transaction { transaction in
            for (user, token) in zip(users, tokens) {
                try transaction.insert(user)
                try transaction.insert(Session.test(token, of: user.id))
            }
        }
        return store
    }

    @Test func `concurrent look-ups find their own sessions`() async throws {
        let folder = try TemporaryFolder()
        let store = try await store(in: folder)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<400 {
                let (user, token) = (users[number % 20], tokens[number % 20])
                group.addTask {
                    let found = try await store.holder(tokenHash: token.hash)
                    #expect(found?.user == user)
                    let unknown = try await store.holder(tokenHash: SessionToken.random().hash)
                    #expect(unknown == nil)
                }
            }
            try await group.waitForAll()
        }
    }

    @Test func `a row that cannot be read fails only its own look-up`() async throws {
        let folder = try TemporaryFolder()
        let store = try await store(in: folder)
        let damaged = tokens[0]
        try await store.transaction { transaction in
            try transaction.database.execute(sql: "PRAGMA ignore_check_constraints = ON")
            try transaction.database.execute(
                sql: "UPDATE auth_session SET id = x'00' WHERE token_hash = ?", arguments: [damaged.hash])
            try transaction.database.execute(sql: "PRAGMA ignore_check_constraints = OFF")
        }
        let found = await withTaskGroup(of: Bool.self) { group in
            for token in tokens {
                group.addTask { (try? await store.holder(tokenHash: token.hash))?.user != nil }
            }
            return await group.reduce(into: 0) { count, isFound in count += isFound ? 1 : 0 }
        }
        #expect(found == 19)
        await #expect(throws: (any Error).self) { try await store.holder(tokenHash: damaged.hash) }
    }

    @Test func `a look-up sees what was committed before it`() async throws {
        let folder = try TemporaryFolder()
        let store = try await store(in: folder)
        for (user, token) in zip(users, tokens) {
            async let other = store.holder(tokenHash: tokens[0].hash)
            try await store.transaction { transaction in
                var user = user
                user.isActive = false
                try transaction.update(user)
            }
            #expect(try await store.holder(tokenHash: token.hash)?.user?.isActive == false)
            _ = try await other
        }
    }

    @Test func `a cancelled task gets no result, and the others do`() async throws {
        let folder = try TemporaryFolder()
        let store = try await store(in: folder)
        let token = tokens[1]
        let cancelled = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            return try await store.holder(tokenHash: token.hash)
        }
        await #expect(throws: CancellationError.self) { try await cancelled.value }
        #expect(try await store.holder(tokenHash: token.hash)?.user == users[1])
    }
}
