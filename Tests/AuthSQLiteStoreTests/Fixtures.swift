// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthSignals
import AuthSQLiteStore
import AuthStore
import Foundation
import GRDB
import Synchronization

/// A folder that is deleted with this object.
final class TemporaryFolder: Sendable {
    let path: String

    init() throws {
        path = NSTemporaryDirectory() + "auth-store-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    func file(_ name: String) -> String { path + "/" + name }

    /// The bytes of all its files.
    func allBytes() throws -> Data {
        try FileManager.default.contentsOfDirectory(atPath: path).reduce(into: Data()) { bytes, name in
            bytes.append(FileManager.default.contents(atPath: file(name)) ?? Data())
        }
    }

    func mode(_ name: String) throws -> Int {
        let attributes = try FileManager.default.attributesOfItem(atPath: file(name))
        return (attributes[.posixPermissions] as? NSNumber)?.intValue ?? -1
    }

    /// A migrated store in this folder.
    func store(
        _ name: String = "auth.sqlite", keys: KeyRing = .test, receivers: SignalHandlers = SignalHandlers(),
        retention: Duration = StoreSettings.defaultRetention, clock: any WallClock = .system
    ) async throws -> SQLiteStore {
        let store = try SQLiteStore(
            path: file(name), keys: keys, codec: .test, receivers: receivers, retention: retention,
            clock: clock)
        try await store.migrate()
        return store
    }
}

extension SQLiteStore {
    static func test(
        receivers: SignalHandlers = SignalHandlers(), retention: Duration = StoreSettings.defaultRetention,
        clock: any WallClock = .system
    ) throws -> SQLiteStore {
        try inMemory(
            keys: .test, codec: .test, receivers: receivers, retention: retention, clock: clock)
    }

    /// Emits one signal in its own transaction.
    func emit(_ number: Int, of subject: String? = nil) async throws {
        try await transaction { transaction in
            try transaction.emit(ThingHappened(number, of: subject))
        }
    }

    func pending() async throws -> [OutboxRow] {
        try await rows(after: 0, limit: 100_000, now: .distantFuture).rows
    }

    func settle(_ result: OutboxSettlement.Result, _ sequences: Int64..., at time: Date = Date()) async throws
    {
        try await settle(sequences.map { OutboxSettlement(sequence: $0, result: result, at: time) })
    }

    func count(_ table: String) async throws -> Int {
        try await read { reading in
            try Int.fetchOne(reading.database, sql: "SELECT count(*) FROM \(table)") ?? -1
        }
    }
}

extension KeyRing {
    static let test = KeyRing(secret: "a secret of this test, thirty-two bytes long")
}

extension SignalCodec {
    static let test = SignalCodec(source: "https://accounts.example.org")
}

/// An application's own signal.
struct ThingHappened: Signal, Equatable {
    static let name: SignalName = "test.thing_happened"
    var request = SignalRequest()
    var number: Int
    var about: String?
    var subject: String? { about }

    init(_ number: Int, of about: String? = nil) {
        self.number = number
        self.about = about
    }

    enum CodingKeys: String, CodingKey { case request, number, about }
}

extension OutboxRow {
    /// The number of a ``ThingHappened``.
    var number: Int? {
        try? SignalCodec.event(from: SignalCodec.test.message(for: self).body).decode(ThingHappened.self)
            .number
    }
}

/// A thread-safe list of recorded values.
final class Notes<Note: Sendable>: Sendable {
    private let notes = Mutex<[Note]>([])
    var all: [Note] { notes.withLock { $0 } }
    func add(_ note: Note) { notes.withLock { $0.append(note) } }
}

struct Abandoned: Error {}

/// Whether a condition becomes true in time; does not fail the test if it stays false.
func becomes(within bound: Duration = .seconds(5), _ condition: () async throws -> Bool) async rethrows
    -> Bool
{
    let deadline = ContinuousClock.now + bound
    while try await !condition() {
        if ContinuousClock.now > deadline { return false }
        try? await Task.sleep(for: .milliseconds(2))
    }
    return true
}

/// Whether the stream yields a value in time.
func hears(_ stream: AsyncStream<Void>, within bound: Duration = .seconds(5)) async -> Bool {
    await withTaskGroup(of: Bool.self) { group in
        group.addTask { await stream.first { _ in true } != nil }
        group.addTask {
            try? await Task.sleep(for: bound)
            return false
        }
        defer { group.cancelAll() }
        return await group.next() ?? false
    }
}

extension User {
    static func test(_ username: String? = nil) -> User {
        User(id: .version7(), username: username, dateJoined: Date().wholeMilliseconds)
    }

    func address(_ email: String, verified: Bool = false, primary: Bool = false) -> EmailAddress {
        EmailAddress(id: .version7(), userID: id, email: email, verified: verified, primary: primary)
    }

    func session(expires: Date = Date().addingTimeInterval(3600), created: Date = Date()) -> Session {
        .test(SessionToken.random(), of: id, expires: expires, created: created)
    }
}

extension Session {
    static func test(
        _ token: SessionToken = .random(), of user: User.ID? = nil,
        expires: Date = Date().addingTimeInterval(3600), created: Date = Date()
    ) -> Session {
        Session(
            id: .version7(), tokenHash: token.hash, userID: user, client: .app,
            createdAt: created.wholeMilliseconds, expiresAt: expires.wholeMilliseconds,
            lastSeenAt: created.wholeMilliseconds, ip: "192.0.2.1", userAgent: "test/1")
    }
}
