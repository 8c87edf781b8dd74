// SPDX-License-Identifier: Apache-2.0
public import AuthSignals
public import Foundation

/// A hook by which the application decides about a social log-in. It is called after the provider has responded and
/// before anything is written, for log-in, sign-up and connect alike. `pre_social_login` reports its answer afterwards.
///
/// If it throws, or takes longer than its deadline, the log-in is denied, unless it fails open.
public struct PreSocialLoginHook: Sendable {
    /// `PRE_SOCIAL_LOGIN_TIMEOUT`: how long it may take.
    public var deadline: Duration
    /// `PRE_SOCIAL_LOGIN_FAIL_OPEN`: whether to proceed if it fails or is too slow.
    public var failsOpen: Bool
    /// The hook itself. It receives the access token and the profile, in memory.
    public var answer: @Sendable (SocialLogin, FlowContext) async throws -> Answer

    public init(
        deadline: Duration = .seconds(5), failsOpen: Bool = false,
        answer: @escaping @Sendable (SocialLogin, FlowContext) async throws -> Answer
    ) {
        self.deadline = deadline
        self.failsOpen = failsOpen
        self.answer = answer
    }

    /// The decision of the hook.
    public enum Answer: Hashable, Sendable {
        case proceed
        /// The user is not logged in. The reason is in the signal, but not in the response to the user.
        case deny(reason: String)
        /// The browser is redirected to that address instead.
        case redirect(URL)
        /// The account is connected to this user, and the flow continues with them. If the account belongs to another
        /// user already, it stays theirs and the flow is refused.
        case connect(to: User.ID)
    }
}

/// A log-in by a provider while it passes through a flow: allauth's `SocialLogin`.
public struct SocialLogin: Sendable {
    public var identity: SocialIdentity
    public var process: SocialLoginSnapshot.Process
    /// The matching user: the one of the connected account, or the one that was found by an address.
    public var user: User?
    /// The stored account, if one exists.
    public var account: SocialAccount?

    /// Whether it matches an existing user.
    public var isExisting: Bool { user != nil }

    public init(
        identity: SocialIdentity, process: SocialLoginSnapshot.Process, user: User? = nil,
        account: SocialAccount? = nil
    ) {
        self.identity = identity
        self.process = process
        self.user = user
        self.account = account
    }
}
