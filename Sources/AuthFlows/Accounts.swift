// SPDX-License-Identifier: Apache-2.0
public import AuthSignals
import Foundation

/// The account flows, each a call on this one value.
///
/// ```swift
/// let accounts = Accounts(store: store, keys: keys, settings: settings)
/// let result = try await accounts.signUp(SignUp(email: "ada@example.org", password: Password("…")))
/// ```
///
/// Each flow is one transaction: the rows it changes, the signals it emits and the mails it queues commit together.
/// Slow work, such as hashing, is done before the transaction.
public struct Accounts: Sendable {
    public let store: any AccountStore
    public let keys: KeyRing
    public let settings: AccountSettings
    public let passwords: PasswordHasher
    public let limiter: any RateLimiter
    public let hooks: AccountHooks
    public let providers: [any SocialProvider]
    public let clock: any WallClock
    let sightings = LastSeenTracker()

    /// - Parameters:
    ///   - store: where users, sessions and signals are.
    ///   - keys: derived from `SECRET_KEY`; the same for every process that shares a store.
    ///   - settings: the settings of the flows.
    ///   - passwords: share one in a process, since it limits the memory for hashing.
    ///   - limiter: limits attempts.
    ///   - hooks: decisions of the application, and its own writes.
    ///   - providers: the identity providers that users may log in with; their ids must be unique.
    ///   - clock: the time; tests pass a clock that they set.
    public init(
        store: any AccountStore, keys: KeyRing, settings: AccountSettings = AccountSettings(),
        passwords: PasswordHasher = PasswordHasher(), limiter: any RateLimiter = MemoryRateLimiter(),
        hooks: AccountHooks = AccountHooks(), providers: [any SocialProvider] = [],
        clock: any WallClock = .system
    ) {
        self.store = store
        self.keys = keys
        self.settings = settings
        self.passwords = passwords
        self.limiter = limiter
        self.hooks = hooks
        self.providers = providers
        self.clock = clock
    }

    /// Runs a part of a flow in a transaction.
    ///
    /// If it violates a unique constraint, because a concurrent transaction committed first, the part is run again. It
    /// then finds the other's rows, and its result is the same as if it had started later.
    func withTransaction<R: Sendable>(
        _ context: FlowContext, _ body: @escaping @Sendable (FlowTransaction) throws -> R
    ) async throws -> R {
        var conflicts = 0
        while true {
            do {
                return try await store.transaction { transaction in
                    try body(FlowTransaction(accounts: self, transaction: transaction, context: context))
                }
            } catch let conflict as StoreConflict {
                conflicts += 1
                if conflicts == 3 { throw conflict }
            }
        }
    }

    /// The caller, identified by the session token.
    func caller(_ context: FlowContext) async throws -> Caller {
        guard let token = context.token else { return .anonymous(nil) }
        let now = clock.now()
        // A browser keeps sending an expired cookie, so it counts as anonymous. An application gets an error, so that
        // it discards its token.
        let unknown: Caller = context.request.client == .browser ? .anonymous(nil) : .unknownToken
        guard let holder = try await store.holder(tokenHash: token.hash), holder.session.expiresAt > now
        else { return unknown }
        guard holder.session.userID != nil else { return .anonymous(holder.session) }
        guard let user = holder.user, user.isActive else { return unknown }
        sightings.note(holder.session, at: now, in: context.request)
        return .user(
            Authentication(user: user, emailAddresses: holder.emailAddresses, session: holder.session))
    }

    /// Counts an attempt against the rate limits of an action.
    func limit(
        _ action: RateLimits.Action, _ context: FlowContext, user: User.ID? = nil, key: String? = nil
    ) async throws -> RateLimitDecision {
        let uses = settings.rates.uses(action, ip: context.request.ip, user: user, key: key)
        if uses.isEmpty { return .allowed(RateLimitTicket(entries: [])) }
        return try await limiter.consume(uses, now: clock.now())
    }

    /// Counts an attempt as ``limit(_:_:user:key:)`` does.
    ///
    /// - Returns: the seconds to wait if a limit is reached; nil if the attempt is allowed.
    func secondsUntilAllowed(
        _ action: RateLimits.Action, _ context: FlowContext, user: User.ID? = nil, key: String? = nil
    ) async throws -> Double? {
        switch try await limit(action, context, user: user, key: key) {
        case .allowed: nil
        case .refused(let seconds): seconds
        }
    }
}

/// The caller of a flow.
enum Caller: Sendable {
    /// Not logged in; with a session if something is or was pending.
    case anonymous(Session?)
    case user(Authentication)
    /// The token does not belong to a session, or the session has expired.
    case unknownToken
}
