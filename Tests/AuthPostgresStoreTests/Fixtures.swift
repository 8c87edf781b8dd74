// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthPostgres
import AuthPostgresStore
import AuthSignals
import AuthStore
import Dispatch
import Foundation
import Logging
import PostgresSupport
import Synchronization

/// A migrated store in a schema of its own.
struct TestStore: Sendable {
    let schema: PrivateSchema
    let pool: PostgresPool
    let store: PostgresStore

    static func make(
        on server: PrivatePostgres? = nil, receivers: SignalHandlers = SignalHandlers(), connections: Int = 4
    ) async throws -> TestStore {
        let schema: PrivateSchema
        if let server {
            schema = try await server.schema()
        } else {
            schema = try await PrivatePostgres.shared.schema()
        }
        let test = try TestStore(schema: schema, receivers: receivers, connections: connections)
        try await test.store.migrate()
        return test
    }

    /// A store that is not migrated.
    init(schema: PrivateSchema, receivers: SignalHandlers = SignalHandlers(), connections: Int = 4) throws {
        self.schema = schema
        pool = PostgresPool(
            try PostgresURL(parsing: schema.url), connections: connections, logger: Logger(label: "test"))
        store = try PostgresStore(pool: pool, keys: .test, codec: .test, receivers: receivers)
    }

    func count(_ table: String) async throws -> Int {
        Int(
            try await schema.psql("SELECT count(*) FROM \(table)").trimmingCharacters(
                in: .whitespacesAndNewlines))
            ?? -1
    }

    /// The names of the signals in the outbox, in the order in which they were inserted.
    func signals() async throws -> [String] {
        try await schema.psql("SELECT name FROM auth_outbox ORDER BY id").split(separator: "\n").map(
            String.init)
    }

    /// How many backends wait for a lock that this backend holds.
    func waiting(for backend: Int64) async throws -> Int {
        let text = try await schema.psql(
            "SELECT count(*) FROM pg_stat_activity WHERE \(backend) = ANY (pg_blocking_pids(pid))")
        return Int(text.trimmingCharacters(in: .whitespacesAndNewlines)) ?? -1
    }
}

extension PostgresReading {
    /// The process of the server that runs this transaction.
    func backend() throws -> Int64 {
        try connection.query("SELECT pg_backend_pid()").first?.int(0) ?? 0
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

/// A thread-safe list of recorded values.
final class Notes<Note: Sendable>: Sendable {
    private let notes = Mutex<[Note]>([])
    var all: [Note] { notes.withLock { $0 } }
    func add(_ note: Note) { notes.withLock { $0.append(note) } }
}

/// Blocks the thread of a connection until a test opens it, at most 10 seconds.
final class Gate: Sendable {
    private let semaphore = DispatchSemaphore(value: 0)
    func open() { semaphore.signal() }
    /// - Returns: whether it was opened in time.
    @discardableResult
    func pass() -> Bool { semaphore.wait(timeout: .now() + 10) == .success }
}

struct Abandoned: Error {}

/// Whether a condition becomes true in time; does not fail the test if it stays false.
func becomes(within bound: Duration = .seconds(8), _ condition: () async throws -> Bool) async rethrows
    -> Bool
{
    let deadline = ContinuousClock.now + bound
    while try await !condition() {
        if ContinuousClock.now > deadline { return false }
        try? await Task.sleep(for: .milliseconds(5))
    }
    return true
}

extension User {
    static func test(_ username: String? = nil) -> User {
        User(id: .version7(), username: username, dateJoined: Date().wholeMilliseconds)
    }

    func address(_ email: String, verified: Bool = false, primary: Bool = false) -> EmailAddress {
        EmailAddress(id: .version7(), userID: id, email: email, verified: verified, primary: primary)
    }

    func session(_ token: SessionToken = .random(), expires: Date = Date().addingTimeInterval(3600))
        -> Session
    {
        .test(token, of: id, expires: expires)
    }

    func account(_ uid: String) -> SocialAccount {
        SocialAccount(
            id: .version7(), userID: id, provider: "example", uid: uid, dateJoined: Date().wholeMilliseconds)
    }
}

extension Session {
    static func test(
        _ token: SessionToken = .random(), of user: User.ID? = nil,
        expires: Date = Date().addingTimeInterval(3600)
    ) -> Session {
        Session(
            id: .version7(), tokenHash: token.hash, userID: user, client: .app,
            createdAt: Date().wholeMilliseconds, expiresAt: expires.wholeMilliseconds,
            lastSeenAt: Date().wholeMilliseconds, ip: "192.0.2.1", userAgent: "test/1")
    }
}
