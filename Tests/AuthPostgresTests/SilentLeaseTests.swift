// SPDX-License-Identifier: Apache-2.0
import AuthPostgres
import AuthTesting
import BrokerSupport
import PostgresSupport
import Testing

/// The server ends the session of a holder that lives but is silent, such as a frozen process.
@Suite(.needsPostgres) struct SilentLeaseTests {
    static let silence = Duration.seconds(6)

    private func acquire(_ url: PostgresURL, number: Int32 = 2) async throws -> PostgresLease {
        try await PostgresLease.acquire(
            PostgresLock(table: "account", number: number), at: url, silence: Self.silence,
            logger: PostgresWorld.logger)
    }

    @Test func `another one takes the lease of a silent holder, which notices it when it wakes`()
        async throws
    {
        let world = try await PostgresWorld()
        try await world.makeTable()
        let url = try world.url
        let first = try await acquire(url)
        // Its thread is occupied, so that it cannot ask for an answer.
        let (started, wakes) = (Blocking<Bool>(), Blocking<Bool>())
        let work = Task {
            try await first.run { _ in
                started.put(true)
                _ = wakes.take()
            }
        }
        _ = await Task.detached { started.take() }.value
        let start = ContinuousClock.now
        let second = try await acquire(url)
        #expect(ContinuousClock.now - start < .seconds(15))
        wakes.put(true)
        try await work.value
        await first.lost()
        let code = try await code { try await first.run { _ = try $0.query("SELECT 1") } }
        #expect(code == .unreachable)
        second.release()
        world.proxy.close()
    }

    @Test func `a holder that has nothing to do, and one that pauses in a transaction, keep their leases`()
        async throws
    {
        let world = try await PostgresWorld()
        try await world.makeTable()
        let url = try world.url
        let idle = try await acquire(url, number: 3)
        let pausing = try await acquire(url, number: 4)
        let (paused, goesOn) = (Blocking<Bool>(), Blocking<Bool>())
        let pause = Task {
            try await pausing.transaction { connection in
                try connection.query(.insert, [.int(1), .text("a")])
                paused.put(true)
                _ = goesOn.take()
            }
        }
        _ = await Task.detached { paused.take() }.value
        // A third one is silent from now on: when it has lost its lease, the others have been quiet for longer.
        let silent = try await acquire(url)
        let wakes = Blocking<Bool>()
        let work = Task { try await silent.run { _ in _ = wakes.take() } }
        try await acquire(url).release()
        goesOn.put(true)
        try await pause.value
        _ = try await idle.run { try $0.query("SELECT 1") }
        try await world.expectRows(1)
        wakes.put(true)
        try await work.value
        for lease in [silent, idle, pausing] { lease.release() }
        world.proxy.close()
    }
}
