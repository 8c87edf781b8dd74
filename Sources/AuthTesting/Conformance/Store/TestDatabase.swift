// SPDX-License-Identifier: Apache-2.0
public import AuthFlows
public import AuthSignals
public import AuthStore
import Foundation

/// A new, empty database, and a way to open stores on it: the subject of the conformance suites of a store.
///
/// ```swift
/// @Test(arguments: AccountStoreConformance.sentences)
/// func `fulfils the contract of an account store`(_ sentence: AccountStoreConformance.Sentence) async throws {
///     let folder = try TemporaryFolder()
///     try await sentence.check {
///         TestDatabase { options in try await folder.store(options) }
///     }
/// }
/// ```
public struct TestDatabase: Sendable {
    /// What a store is opened with.
    public struct Options: Sendable {
        public var keys = KeyRing(secret: "a secret of these tests, thirty-two bytes long")
        public var codec = SignalCodec(source: "https://accounts.example.org")
        public var receivers = SignalHandlers()
        /// How long settled rows of the outbox are kept.
        public var retention = Duration.seconds(604_800)
        public var clock: any WallClock = FixedClock()

        public init() {}
    }

    private let opening: @Sendable (Options) async throws -> any OperatedStore

    /// - Parameter open: opens a store with its schema. Each call opens another store on the same database, as another
    ///   process does.
    public init(open: @escaping @Sendable (Options) async throws -> any OperatedStore) { opening = open }

    /// Opens a store.
    public func open(_ options: Options = Options()) async throws -> any OperatedStore {
        try await opening(options)
    }

    /// Opens a store.
    func store(
        clock: any WallClock = FixedClock(), receivers: SignalHandlers = SignalHandlers(),
        _ change: (inout Options) -> Void = { _ in }
    ) async throws -> any OperatedStore {
        var options = Options()
        options.clock = clock
        options.receivers = receivers
        change(&options)
        return try await open(options)
    }
}

extension OperatedStore {
    /// Emits one ``TestSignal`` in its own transaction.
    func emit(_ number: Int, of subject: String? = nil) async throws {
        try await transaction { transaction in
            try transaction.emit(TestSignal(number: number, subject: subject))
        }
    }

    /// Emits a ``TestSignal`` for each number, all in one transaction.
    func emit(_ numbers: Range<Int>, of subject: String? = nil) async throws {
        try await transaction { transaction in
            for number in numbers { try transaction.emit(TestSignal(number: number, subject: subject)) }
        }
    }

    /// All pending rows, deferred ones too. A row has its number when it was read here.
    @discardableResult
    func pending() async throws -> [OutboxRow] {
        try await rows(after: 0, limit: 100_000, now: .distantFuture).rows
    }

    func settle(
        _ result: OutboxSettlement.Result, _ sequences: Int64..., at time: Date = FixedClock.start
    ) async throws {
        try await settle(sequences.map { OutboxSettlement(sequence: $0, result: result, at: time) })
    }

    func settle(
        _ result: OutboxSettlement.Result, _ sequences: ClosedRange<Int64>, at time: Date
    ) async throws {
        try await settle(sequences.map { OutboxSettlement(sequence: $0, result: result, at: time) })
    }

    /// The matching rows, at most a thousand.
    func records(_ filter: OutboxFilter) async throws -> [OutboxRecord] {
        try await outboxRecords(filter, after: 0, limit: 1000)
    }

    func user(_ id: User.ID) async throws -> User? { try await read { try $0.user(id: id) } }

    func addresses(of id: User.ID) async throws -> [EmailAddress] {
        try await read { try $0.emailAddresses(of: id) }
    }

    func addresses(matching email: String) async throws -> [EmailAddress] {
        try await read { try $0.emailAddresses(matching: email) }
    }

    func socialAccounts(of id: User.ID) async throws -> [SocialAccount] {
        try await read { try $0.socialAccounts(of: id) }
    }

    func session(_ token: SessionToken) async throws -> Session? {
        try await read { try $0.session(tokenHash: token.hash) }
    }

    /// All sessions of a user, expired ones too.
    func sessions(of id: User.ID) async throws -> [Session] {
        try await read { try $0.sessions(of: id, now: .distantPast) }
    }
}

extension OutboxRow {
    /// The number of a ``TestSignal``.
    var number: Int? {
        guard let data = try? SignalCodec.decoder().decode(JSONValue.self, from: draft.data),
            case .integer(let number) = data["number"]
        else { return nil }
        return Int(number)
    }
}

extension User {
    static func test(_ username: String? = nil, joined: Date = FixedClock.start) -> User {
        User(id: .version7(at: joined), username: username, dateJoined: joined.wholeMilliseconds)
    }

    func address(_ email: String, verified: Bool = false, primary: Bool = false) -> EmailAddress {
        EmailAddress(id: .version7(), userID: id, email: email, verified: verified, primary: primary)
    }

    func account(_ uid: String, provider: String = "example") -> SocialAccount {
        SocialAccount(
            id: .version7(), userID: id, provider: provider, uid: uid, dateJoined: FixedClock.start)
    }

    func session(
        expires: Date = FixedClock.start.addingTimeInterval(3600), created: Date = FixedClock.start,
        _ token: SessionToken = .random()
    ) -> Session {
        .test(token, of: id, expires: expires, created: created)
    }
}

extension Session {
    static func test(
        _ token: SessionToken = .random(), of user: User.ID? = nil,
        expires: Date = FixedClock.start.addingTimeInterval(3600), created: Date = FixedClock.start
    ) -> Session {
        Session(
            id: .version7(), tokenHash: token.hash, userID: user, client: .app,
            createdAt: created.wholeMilliseconds, expiresAt: expires.wholeMilliseconds,
            lastSeenAt: created.wholeMilliseconds, ip: "192.0.2.1", userAgent: "test/1")
    }
}

/// Thrown by a transaction that is to be rolled back.
struct RolledBack: Error {}
