// SPDX-License-Identifier: Apache-2.0
import AuthSignals
import AuthSQLiteStore
import AuthStore
import AuthTesting
import FaultSupport
import Foundation
import ProgramSupport
import Testing

extension Faults {
    @Suite struct CrashTrialTests {
        @Test func `every sign-up signal is handled once if the server is killed repeatedly`()
            async throws
        {
            try await Trial("C", "`auth-signals serve` killed with SIGKILL during sign-ups").run { world in
                let worker = try await world.installation.consume(queue: "work")
                let answered = Locked<Set<String>>([])
                let number = Locked(0)
                for _ in 0..<max(4, TrialSettings.kills) {
                    let server = try await world.installation.serve(settings: ["LOG_LEVEL": "info"])
                    let goal = answered.value.count + world.number(in: 5...30)
                    let people = (0..<4).map { _ in
                        Task {
                            // Until the server is killed and calls fail.
                            while true {
                                let mine = number.change { number in
                                    number += 1
                                    return number
                                }
                                let answer = try? await server.call(
                                    "POST", "/auth/signup",
                                    ["email": "p\(mine)@example.org", "password": "correct-horse-\(mine)"])
                                guard let answer else { return }
                                #expect(answer.status == 200, "\(answer.text)")
                                let id = answer.body["data"]?["user"]?["id"]?.string
                                if let id { answered.change { _ = $0.insert(id) } }
                            }
                        }
                    }
                    try await eventually(within: .seconds(60), "some people have signed up") {
                        answered.value.count >= goal
                    }
                    try await server.program.stop(SIGKILL)
                    for person in people { await person.value }
                }
                let server = try await world.installation.serve(settings: ["LOG_LEVEL": "info"])
                try await eventually(within: .seconds(60), "the outbox was empty") {
                    // In this order: a mail that is sent emits a signal.
                    let mails = try await server.readiness().part("mail_pending")
                    let status = try await world.store.status()
                    return mails == "0" && status.pending == 0
                }
                let confirmed = try await world.store.status().confirmed
                _ = try await worker.handled(atLeast: confirmed)
                try await server.program.stop()
                try await worker.program.stop()
                let handled = worker.handled()
                world.elsewhere.change { $0 = handled.compactMap { UUID(uuidString: $0.id) } }
                // Every user whose sign-up succeeded has a signal.
                let signedUp = handled.filter { $0.signal == "account.user_signed_up" }.compactMap(\.subject)
                #expect(!answered.value.isEmpty)
                #expect(answered.value.subtracting(signedUp) == [])
            }
        }
    }
}
