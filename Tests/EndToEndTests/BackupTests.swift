// SPDX-License-Identifier: Apache-2.0
import AuthSignals
import AuthTesting
import BrokerSupport
import Foundation
import ProgramSupport
import Testing
import ToolSupport

extension EndToEnd {
    @Suite("Backup and restore", .enabled(if: TestStore.isSQLite, "a backup is a copy of a SQLite file"))
    struct BackupTests {
        @Test
        func `a backup of a running server is restored with its sessions and its pending signals`()
            async throws
        {
            let installation = try await Installation(broker: try await PrivateBroker.shared.url)
            let worker = try await installation.consume(queue: "backup")
            // Its signals stay pending.
            let first = try await installation.serve(["--no-relay", "--no-mail"])
            let signUp = try await first.call("POST", "/auth/signup", Installation.ada)
            #expect(signUp.status == 200)
            let token = try #require(signUp.token)
            let file = installation.folder.path("copy.sqlite")
            try await installation.operate(["backup", file])

            // After the backup: a log-out, another account, and a server that publishes everything.
            #expect(try await first.call("DELETE", "/auth/session", token: token).status == 401)
            try await first.program.stop()
            let second = try await installation.serve(["--no-mail"])
            let bob = ["email": "bob@example.org", "password": "correct-horse"]
            #expect(try await second.call("POST", "/auth/signup", bob).status == 200)
            let published = try await worker.handled(atLeast: 5)
            try await second.program.stop()

            // Existing files are not overwritten.
            let refused = try await installation.operate(["restore", file], code: 1)
            #expect(refused.log.contains("auth.sqlite"))
            for name in ["auth.sqlite", "auth.sqlite-wal", "auth.sqlite-shm"] {
                try? FileManager.default.removeItem(atPath: installation.folder.path(name))
            }
            try await installation.operate(["restore", file])
            try await installation.operate(["outbox", "verify"])

            let third = try await installation.serve(["--no-mail"])
            // The session ended after the backup, so the backup has it; Bob's account is newer than the backup.
            #expect(try await third.call("GET", "/auth/session", token: token).status == 200)
            #expect(
                try await third.call("POST", "/auth/login", bob).errorCodes == ["email_password_mismatch"])
            #expect(try await third.call("POST", "/auth/signup", bob).status == 200)
            // Ada's two pending signals again, with the same ids, and three new ones above every earlier sequence.
            let handled = try await eventualValue("the new signals are handled") {
                let handled = worker.everyHandled()
                return handled.filter { $0.signal == "account.user_signed_up" }.count >= 3 ? handled : nil
            }
            let known = Set(published.map(\.id))
            let highest = try #require(published.compactMap(\.sequence).max())
            let new = handled.filter { !known.contains($0.id) && ($0.sequence ?? 0) > highest }
            #expect(new.contains { $0.signal == "account.user_signed_up" })
            #expect(new.allSatisfy { ($0.sequence ?? 0) > 1_000_000_000_000_000 })
            // The inbox of the worker has seen Ada's: they are not handled again.
            #expect(handled.filter { $0.id == published.first?.id }.count == 1)
            try await third.program.stop()
            try await worker.program.stop()
        }
    }
}
