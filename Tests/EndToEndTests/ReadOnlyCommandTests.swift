// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthSignals
import AuthSQLiteStore
import AuthStore
import AuthTesting
import BrokerSupport
import Foundation
import GRDB
import ProgramSupport
import Testing
import ToolSupport

extension EndToEnd {
    @Suite("Read-only commands", .enabled(if: TestStore.isSQLite, "the tests are about files"))
    struct ReadOnlyCommandTests {
        @Test func `read-only commands change no database or file mode and create no files`() async throws {
            let installation = try await Installation(broker: try await PrivateBroker.shared.url)
            let path = installation.folder.path("auth.sqlite")
            let pool = try DatabasePool(path: path)
            var migrator = DatabaseMigrator()
            migrator.registerMigration("invoices") {
                try $0.execute(sql: "CREATE TABLE invoice (id TEXT PRIMARY KEY)")
            }
            SQLiteStore.registerMigrations(in: &migrator)
            try migrator.migrate(pool)
            let keys = KeyRing(secret: String(repeating: "k", count: 32))
            let store = try SQLiteStore(
                pool: pool, keys: keys, codec: SignalCodec(source: "http://accounts.test"))
            let id = UUID.version7()
            try await store.transaction { (transaction: SQLiteTransaction) in
                try transaction.emit(.test(1, subject: "ada", id: id))
                try transaction.queue(MailDraft(.loginCode, to: "ada@example.org", values: [:]))
            }
            chmod(path, 0o644)
            let before = try Self.tree(installation.folder)
            for command in [
                ["outbox", "status"], ["outbox", "status", "--json"], ["outbox", "list"],
                ["outbox", "show", id.wireText], ["outbox", "verify"], ["mail", "list"], ["check"],
                ["catalog"], ["users", "list"],
            ] {
                try await installation.operate(command)
                #expect(try Self.tree(installation.folder) == before, "\(command)")
            }
            // A command that changes rows does not change the mode either.
            try await installation.operate(["outbox", "pause"])
            #expect(try Self.tree(installation.folder).map(\.mode) == before.map(\.mode))
        }

        @Test func `read-only commands do not create a missing store`() async throws {
            let installation = try await Installation(broker: try await PrivateBroker.shared.url)
            let before = try Self.tree(installation.folder)
            let check = try await installation.operate(["check"])
            #expect(check.output.contains("does not exist yet"))
            #expect(check.output.contains("mail: ok"))
            #expect(check.output.contains(/sqlite: 3\.\d+\.\d+\n/))
            let hasFault = try SQLiteVersion.linked().knownFault != nil
            #expect(check.output.contains("warning: sqlite ") == hasFault)
            for command in [
                ["outbox", "status"], ["outbox", "list"], ["outbox", "verify"], ["outbox", "pause"],
                ["mail", "list"], ["backup", installation.folder.path("copy")],
            ] {
                let refused = try await installation.operate(command, code: 2)
                #expect(refused.log.contains("STORE_URL"), "\(command)")
                #expect(refused.log.contains("does not exist"), "\(command)")
            }
            #expect(try Self.tree(installation.folder) == before)
        }

        @Test func `backs up and restores a store, and verify reports what it cannot know`() async throws {
            let installation = try await Installation(broker: try await PrivateBroker.shared.url)
            let server = try await installation.serve(["--no-relay", "--no-mail"])
            #expect(try await server.call("POST", "/auth/signup", Installation.ada).status == 200)
            let copy = installation.folder.path("copy")
            try await installation.operate(["backup", copy])
            try await server.program.stop()
            let verify = try await installation.operate(["outbox", "verify"])
            #expect(verify.output.contains("unknown: whether this file"))
            try await installation.operate(["restore", copy], code: 1)
            for name in ["auth.sqlite", "auth.sqlite-wal", "auth.sqlite-shm"] {
                try? FileManager.default.removeItem(atPath: installation.folder.path(name))
            }
            let restored = try await installation.operate(["restore", copy])
            #expect(restored.output.contains("above 1"))
            let again = try await installation.operate(["outbox", "verify"])
            #expect(again.output.contains("restored from a backup at 20"))
            let served = try await installation.serve(["--no-relay", "--no-mail"])
            let bob = ["email": "bob@example.org", "password": "correct-horse"]
            #expect(try await served.call("POST", "/auth/signup", bob).status == 200)
            let list = try await installation.operate(["outbox", "list", "--json"])
            let sequences = try list.lines.map {
                try JSONDecoder().decode(Line.self, from: Data($0.utf8)).sequence
            }
            #expect(sequences.prefix(2) == [1, 2])
            #expect(sequences.dropFirst(2).allSatisfy { $0 > 1_700_000_000_000_000 })
            try await served.program.stop()
        }

        private struct Line: Decodable { var sequence: Int64 }

        private struct Entry: Equatable {
            var name: String
            var mode: Int
            var bytes: Data?
        }

        /// All files with modes and bytes, except SQLite's write-ahead log and its index.
        private static func tree(_ folder: Folder) throws -> [Entry] {
            let names = try FileManager.default.subpathsOfDirectory(atPath: folder.path("")).sorted()
            return try names.filter { !$0.hasSuffix("-wal") && !$0.hasSuffix("-shm") }.map { name in
                let file = folder.path(name)
                let mode = try FileManager.default.attributesOfItem(atPath: file)[.posixPermissions] as? Int
                return Entry(name: name, mode: mode ?? -1, bytes: FileManager.default.contents(atPath: file))
            }
        }
    }
}
