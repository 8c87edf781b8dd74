// SPDX-License-Identifier: Apache-2.0
import AuthSignals
import AuthStore
import AuthTesting
import FaultSupport
import Foundation
import PostgresSupport
import ProgramSupport
import Testing

extension Faults.Postgres {
    /// Two servers on one database: programs with directories of their own, which share no file.
    @Suite(.enabled(if: FaultPostgres.programsCanUseIt, "build with --traits PostgreSQL"))
    struct SeveralHostsTests {
        @Test func `several processes that migrate an empty database at once all succeed`() async throws {
            let schema = try await FaultPostgres.schema()
            try await Trial("P9", "two servers on one database, restarted in turn; migrated by both").run(
                database: schema.url
            ) { world in
                let fresh = try await FaultPostgres.schema()
                let hosts = try world.twoHosts()
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for number in 0..<4 {
                        group.addTask {
                            try await hosts[number % 2].operate(
                                ["migrate"], settings: ["STORE_URL": fresh.url])
                        }
                    }
                    try await group.waitForAll()
                }
                let worker = try world.actor("work")
                try await world.signUp(on: hosts, rounds: 4, ending: .drained)
                try await worker.stop()
            }
        }

        @Test func `every sign-up signal is handled once if servers and workers of two hosts are killed`()
            async throws
        {
            let schema = try await FaultPostgres.schema()
            let fault = "two servers and two workers without a shared file, killed with SIGKILL in turn"
            try await Trial("P9 b", fault).run(database: schema.url) { world in
                var workers = [try world.actor("work"), try world.actor("work")]
                try await world.signUp(
                    on: try world.twoHosts(), rounds: max(4, TrialSettings.kills), ending: .killed
                ) { round in
                    try await workers[round % 2].stop(SIGKILL)
                    workers[round % 2] = try world.actor("work")
                }
                for worker in workers { try await worker.stop() }
            }
        }

        @Test func `of 2,000 sign-ups with one address over two servers one creates an account`() async throws
        {
            let schema = try await FaultPostgres.schema()
            try await Trial("P9 c", "2,000 sign-ups with one address over two servers").run(
                database: schema.url
            ) { world in
                let worker = try world.actor("work")
                var servers: [Server] = []
                for host in try world.twoHosts() {
                    servers.append(try await host.serve(settings: ["LOG_LEVEL": "info"]))
                }
                let bases = servers
                let statuses = Locked<[Int: Int]>([:])
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for client in 0..<16 {
                        group.addTask {
                            for _ in 0..<125 {
                                let answer = try await bases[client % 2].call(
                                    "POST", "/auth/signup",
                                    ["email": "ada@example.org", "password": "correct-horse-battery"])
                                statuses.change { $0[answer.status, default: 0] += 1 }
                            }
                        }
                    }
                    try await group.waitForAll()
                }
                #expect(statuses.value == [200: 1, 400: 1999])
                try await world.finish(servers)
                let signals = try await world.signals(named: "account.user_signed_up")
                #expect(signals.count == 1)
                let users = try await world.store.users()
                #expect(users.users.count == 1)
                try await worker.stop()
            }
        }
    }
}

extension TrialWorld {
    fileprivate func twoHosts() throws -> [Installation] {
        [installation, try Installation(onAnotherHost: installation)]
    }

    /// Signs people up at both servers, and restarts one after the other while the other one goes on.
    ///
    /// - Parameter after: runs after a server has ended.
    fileprivate func signUp(
        on hosts: [Installation], rounds: Int, ending: SignUps.Ending,
        after: (_ round: Int) async throws -> Void = { _ in }
    ) async throws {
        let settings = ["LOG_LEVEL": "info", "HTTP_DRAIN": ending == .drained ? "10" : "0"]
        // Both find the database migrated, or wait for each other.
        async let first = hosts[0].serve(settings: settings)
        async let second = hosts[1].serve(settings: settings)
        var servers = [try await first, try await second]
        let signUps = SignUps(at: servers, ending)
        let people = (0..<4).map { _ in Task { await signUps.run() } }
        do {
            for round in 0..<rounds {
                let goal = signUps.answered.count + number(in: 5...30)
                try await eventually(within: .seconds(60), "some people have signed up") {
                    signUps.answered.count >= goal
                }
                try await signUps.end(servers[round % 2])
                try await after(round)
                servers[round % 2] = try await hosts[round % 2].serve(settings: settings)
                signUps.use(servers)
            }
        } catch {
            signUps.end()
            throw error
        }
        signUps.end()
        for person in people { await person.value }
        try await finish(servers)
        // Every user whose sign-up succeeded has a signal.
        let signedUp = try await signals(named: "account.user_signed_up").compactMap(\.row.draft.subject)
        #expect(!signUps.answered.isEmpty)
        #expect(signUps.answered.subtracting(signedUp) == [])
        #expect(signUps.sharedSessions > 0, "no session was used on the other server")
    }

    /// Waits until everything is delivered, and stops the servers.
    fileprivate func finish(_ servers: [Server]) async throws {
        try await eventually(within: .seconds(60), "all mails are delivered") {
            try await servers[0].readiness().part("mail_pending") == "0"
        }
        try await drain()
        for server in servers { try await server.program.stop() }
    }

    fileprivate func signals(named name: SignalName) async throws -> [OutboxRecord] {
        let everything = OutboxFilter(Set(OutboxRecord.State.allCases))
        return try await reading { try await store.outboxRecords(everything, after: 0, limit: .max) }
            .filter { $0.row.draft.name == name }
    }
}
