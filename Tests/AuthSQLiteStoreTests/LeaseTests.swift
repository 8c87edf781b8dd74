// SPDX-License-Identifier: Apache-2.0
import AuthSignals
import AuthSQLiteStore
import AuthStore
import Foundation
import Testing

@Suite struct LeaseTests {
    private func acquired(_ task: Task<any Lease, any Error>, within bound: Duration) async -> Bool {
        let done = Notes<Bool>()
        let watch = Task {
            done.add((try? await task.value) != nil)
        }
        if await !becomes(within: bound, { !done.all.isEmpty }) { task.cancel() }
        await watch.value
        return done.all == [true]
    }

    @Test func `of two stores on one file, only one holds the relay lease`() async throws {
        let folder = try TemporaryFolder()
        let (first, second) = (try await folder.store(), try await folder.store())
        let lease = try await first.acquireRelayLease()
        let waiting = Task { try await second.acquireRelayLease() }
        #expect(await !acquired(waiting, within: .milliseconds(500)))
        lease.release()
        let next = Task { try await second.acquireRelayLease() }
        #expect(await acquired(next, within: .seconds(10)))
    }

    @Test func `a store grants its relay lease to one holder at a time, in memory too`() async throws {
        let folder = try TemporaryFolder()
        for store in [try await folder.store(), try SQLiteStore.test()] {
            let lease = try await store.acquireRelayLease()
            let waiting = Task { try await store.acquireRelayLease() }
            #expect(await !acquired(waiting, within: .milliseconds(300)))
            lease.release()
            lease.release()
            let next = Task { try await store.acquireRelayLease() }
            #expect(await acquired(next, within: .seconds(10)))
        }
    }

    @Test func `deinitialization releases a lease`() async throws {
        let folder = try TemporaryFolder()
        let store = try await folder.store()
        do { _ = try await store.acquireRelayLease() }
        let next = Task { try await store.acquireRelayLease() }
        #expect(await acquired(next, within: .seconds(10)))
    }

    @Test func `the mail lease is independent of the relay lease`() async throws {
        let folder = try TemporaryFolder()
        let store = try await folder.store()
        let relay = try await store.acquireRelayLease()
        let mail = Task { try await store.acquireMailLease() }
        #expect(await acquired(mail, within: .seconds(10)))
        relay.release()
    }

    @Test func `a path through a symbolic link shares the lease`() async throws {
        let folder = try TemporaryFolder()
        let store = try await folder.store()
        try FileManager.default.createSymbolicLink(
            atPath: folder.file("link.sqlite"), withDestinationPath: folder.file("auth.sqlite"))
        let linked = try await folder.store("link.sqlite")
        let lease = try await store.acquireRelayLease()
        let waiting = Task { try await linked.acquireRelayLease() }
        #expect(await !acquired(waiting, within: .milliseconds(300)))
        lease.release()
    }

    @Test func `waiting for a lease can be cancelled`() async throws {
        let store = try SQLiteStore.test()
        let lease = try await store.acquireRelayLease()
        let waiting = Task { try await store.acquireRelayLease() }
        waiting.cancel()
        await #expect(throws: CancellationError.self) { _ = try await waiting.value }
        lease.release()
    }

    @Test func `the lease of a killed process is taken over within a second`() async throws {
        let folder = try TemporaryFolder()
        let store = try await folder.store()
        let holder = try LockHolder(folder.file("auth.sqlite.relay.lock"))
        let waiting = Task { try await store.acquireRelayLease() }
        let early = Notes<Bool>()
        let watch = Task { early.add((try? await waiting.value) != nil) }
        #expect(await !becomes(within: .milliseconds(400)) { !early.all.isEmpty })
        let start = ContinuousClock.now
        holder.kill()
        #expect(await acquired(waiting, within: .seconds(5)))
        // A busy machine takes longer than a second.
        #expect(ContinuousClock.now - start < .seconds(4))
        await watch.value
    }
}
