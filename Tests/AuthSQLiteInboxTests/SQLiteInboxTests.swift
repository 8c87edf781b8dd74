// SPDX-License-Identifier: Apache-2.0
@testable import AuthSQLiteInbox
import AuthSignals
import AuthTesting
import Foundation
import GRDB
import Logging
import Testing

@Suite struct SQLiteInboxTests {
    private struct Failure: Error {}

    /// A temporary directory that is removed with its content.
    private final class Folder: Sendable {
        let path: String
        init() throws {
            path = FileManager.default.temporaryDirectory.path + "/inbox-\(UUID().wireText)"
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        }
        deinit { try? FileManager.default.removeItem(atPath: path) }
        var file: String { path + "/inbox.sqlite" }
    }

    private func subject(_ inbox: SQLiteInbox, counting file: String) throws -> InboxConformance.Subject {
        let reader = try DatabaseQueue(path: file)
        try reader.write { try $0.execute(sql: "CREATE TABLE IF NOT EXISTS thing (name TEXT)") }
        return InboxConformance.Subject(
            inbox,
            write: { transaction in
                let transaction = try #require(transaction as? SQLiteInboxTransaction)
                try transaction.db.execute(sql: "INSERT INTO thing VALUES ('a thing')")
            },
            written: {
                try await reader.read { try Int.fetchOne($0, sql: "SELECT count(*) FROM thing") ?? -1 }
            })
    }

    @Test func `an inbox that does not exist is not created for a query`() async throws {
        let folder = try Folder()
        #expect(throws: InboxError.self) { try SQLiteInbox.existing(path: folder.file) }
        #expect(!FileManager.default.fileExists(atPath: folder.file))
    }

    @Test func `an inbox opened for reading does not change its file`() async throws {
        let folder = try Folder()
        try await SQLiteInbox(path: folder.file).markDone(handler: "a", messageID: UUID(), at: Date())
        try FileManager.default.setAttributes([.posixPermissions: 0o640], ofItemAtPath: folder.file)
        try await eventually("the inbox that has written is closed") {
            !FileManager.default.fileExists(atPath: folder.file + "-wal")
        }
        let before = FileManager.default.contents(atPath: folder.file)
        let asked = try SQLiteInbox.existing(path: folder.file)
        #expect(try await asked.handlers() == ["a"])
        await #expect(throws: (any Error).self) {
            try await asked.markDone(handler: "b", messageID: UUID(), at: Date())
        }
        #expect(FileManager.default.contents(atPath: folder.file) == before)
        let attributes = try FileManager.default.attributesOfItem(atPath: folder.file)
        #expect(attributes[.posixPermissions] as? Int == 0o640)
    }

    @Test func `an inbox of an earlier version has no record of its handlers`() async throws {
        let folder = try Folder()
        let pool = try DatabaseQueue(path: folder.file)
        try await pool.write { db in
            try db.execute(
                sql: "CREATE TABLE auth_inbox (handler TEXT, message_id BLOB, done_at INTEGER)")
        }
        #expect(try await SQLiteInbox.existing(path: folder.file).work().isEmpty)
    }

    @Test(arguments: InboxConformance.sentences)
    func `keeps the contract of an inbox`(_ sentence: InboxConformance.Sentence) async throws {
        let folder = try Folder()
        try await sentence.check { try subject(SQLiteInbox(path: folder.file), counting: folder.file) }
    }

    @Test(arguments: InboxConformance.sentences)
    func `keeps the contract in an application's own pool`(
        _ sentence: InboxConformance.Sentence
    ) async throws {
        let folder = try Folder()
        let pool = try DatabasePool(path: folder.file)
        try await sentence.check { try subject(SQLiteInbox(pool: pool), counting: folder.file) }
    }

    @Test func `syncs the WAL with every commit, so that marks survive a power loss`() throws {
        let folder = try Folder()
        let inbox = try SQLiteInbox(path: folder.file)
        let settings = try inbox.durability()
        #expect(settings.synchronous == 2)
        #expect(settings.journal == "wal")
    }

    @Test func `creates files that only the owner can access`() async throws {
        let folder = try Folder()
        let inbox = try SQLiteInbox(path: folder.file)
        try await inbox.markDone(handler: "one", messageID: UUID(), at: Date())
        let files = try FileManager.default.contentsOfDirectory(atPath: folder.path)
        #expect(files.contains("inbox.sqlite-wal"))
        for file in files {
            let attributes = try FileManager.default.attributesOfItem(atPath: "\(folder.path)/\(file)")
            #expect(attributes[.posixPermissions] as? Int == 0o600, "\(file)")
        }
    }

    @Test func `restricts the mode of a file that others could read`() async throws {
        let folder = try Folder()
        _ = FileManager.default.createFile(
            atPath: folder.file, contents: nil, attributes: [.posixPermissions: 0o644])
        try await SQLiteInbox(path: folder.file).markDone(handler: "one", messageID: UUID(), at: Date())
        let attributes = try FileManager.default.attributesOfItem(atPath: folder.file)
        #expect(attributes[.posixPermissions] as? Int == 0o600)
    }

    @Test func `workers that start concurrently create one inbox`() async throws {
        let folder = try Folder()
        let path = folder.file
        let inboxes = try await withThrowingTaskGroup(of: SQLiteInbox.self) { group in
            for _ in 0..<8 { group.addTask { try SQLiteInbox(path: path) } }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        for (number, inbox) in inboxes.enumerated() {
            try await inbox.markDone(handler: "\(number)", messageID: UUID(), at: Date())
        }
        #expect(try await inboxes[0].handlers().count == 8)
        let files = try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
        #expect(files == ["inbox.sqlite", "inbox.sqlite-shm", "inbox.sqlite-wal"])
    }

    @Test func `marks survive a restart`() async throws {
        let folder = try Folder()
        let id = UUID()
        try await SQLiteInbox(path: folder.file).markDone(handler: "one", messageID: id, at: Date())
        #expect(try await SQLiteInbox(path: folder.file).isDone(handler: "one", messageID: id))
    }

    @Test func `among workers that share a file exactly one runs each body`() async throws {
        let folder = try Folder()
        let inboxes = try (0..<3).map { _ in try SQLiteInbox(path: folder.file) }
        let ids = (0..<50).map { _ in UUID() }
        let runs = try await withThrowingTaskGroup(of: Int.self) { group in
            for inbox in inboxes {
                group.addTask {
                    var runs = 0
                    for id in ids {
                        runs +=
                            try await inbox.once(handler: "one", messageID: id, at: Date()) { _ in } ? 1 : 0
                    }
                    return runs
                }
            }
            return try await group.reduce(0, +)
        }
        #expect(runs == ids.count)
    }

    @Test func `a handler's writes and its mark are one transaction`() async throws {
        let folder = try Folder()
        let pool = try DatabasePool(path: folder.file)
        try await pool.write { try $0.execute(sql: "CREATE TABLE profile (number INTEGER)") }
        let inbox = try SQLiteInbox(pool: pool)
        var handlers = SignalHandlers()
        handlers.once(TestSignal.self, as: "profiles") { signal, _, db in
            try db.execute(sql: "INSERT INTO profile VALUES (?)", arguments: [signal.number])
            if signal.number < 0 { throw Failure() }
        }
        let handler = try #require(handlers.handler(named: "profiles"))
        guard case .transactional(let run) = handler.work else {
            Issue.record("the handler is not transactional")
            return
        }
        for number in [1, -1, 1] {
            let message = SignalMessage.test(
                number == 1 ? 1 : 2,
                id: UUID(uuid: (1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, UInt8(number & 255))))
            var event = try SignalCodec.event(from: message.body)
            if number < 0 {
                event.body = Data(
                    String(decoding: event.body, as: UTF8.self).replacing(
                        #""number":2"#, with: #""number":-1"#
                    ).utf8)
            }
            let given = event
            let context = SignalContext(event: event, logger: Logger(label: "test"))
            _ = try? await inbox.once(handler: handler.name, messageID: event.id, at: Date()) {
                try run(given, context, $0)
            }
        }
        let numbers = try await pool.read { try Int.fetchAll($0, sql: "SELECT number FROM profile") }
        #expect(numbers == [1])
    }

    @Test func `rejects the transaction of another inbox`() async throws {
        var handlers = SignalHandlers()
        handlers.once(TestSignal.self, as: "profiles") { _, _, db in try db.execute(sql: "SELECT 1") }
        guard case .transactional(let run) = try #require(handlers.handler(named: "profiles")).work else {
            Issue.record("the handler is not transactional")
            return
        }
        let event = try SignalCodec.event(from: SignalMessage.test().body)
        let context = SignalContext(event: event, logger: Logger(label: "test"))
        let error = await #expect(throws: InboxError.self) {
            try await MemoryInbox().once(handler: "profiles", messageID: event.id, at: Date()) {
                try run(event, context, $0)
            }
        }
        #expect(error?.code == .foreignTransaction)
    }

    @Test func `reports a missing folder`() throws {
        let folder = try Folder()
        let error = #expect(throws: InboxError.self) {
            try SQLiteInbox(path: folder.path + "/no/inbox.sqlite")
        }
        #expect(error?.code == .cannotOpen)
        #expect(error?.message.contains("folder") == true)
    }

    @Test func `reports a file that is not a database`() throws {
        let folder = try Folder()
        try Data(String(repeating: "no database ", count: 1000).utf8).write(to: URL(filePath: folder.file))
        let error = #expect(throws: InboxError.self) { try SQLiteInbox(path: folder.file) }
        #expect(error?.code == .cannotOpen)
        #expect(error?.resultCode == .SQLITE_NOTADB)
    }

    @Test(.enabled(if: geteuid() != 0, "root ignores write permissions"))
    func `reports a read-only folder`() throws {
        let folder = try Folder()
        try FileManager.default.setAttributes([.posixPermissions: 0o500], ofItemAtPath: folder.path)
        let error = #expect(throws: InboxError.self) { try SQLiteInbox(path: folder.file) }
        #expect(error?.code == .notWritable)
    }
}
