// SPDX-License-Identifier: Apache-2.0
public import AuthSignals
public import Foundation

/// The application's say in a social log-in (D5): asked after the provider's answer and before anything is
/// written, in log-in, sign-up and connect alike. What it answers is told by `pre_social_login` afterwards.
///
/// Where it throws, or takes longer than its deadline, the log-in is denied, unless it fails open.
public struct PreSocialLoginHook: Sendable {
    /// `PRE_SOCIAL_LOGIN_TIMEOUT`: how long it may take.
    public var deadline: Duration
    /// `PRE_SOCIAL_LOGIN_FAIL_OPEN`: whether to proceed where it fails or is too slow.
    public var failsOpen: Bool
    /// Sees the access token and the profile, in memory.
    public var answer: @Sendable (SocialLogin, Visit) async throws -> Answer

    public init(
        deadline: Duration = .seconds(5), failsOpen: Bool = false,
        answer: @escaping @Sendable (SocialLogin, Visit) async throws -> Answer
    ) {
        self.deadline = deadline
        self.failsOpen = failsOpen
        self.answer = answer
    }

    /// What the hook says.
    public enum Answer: Hashable, Sendable {
        case proceed
        /// Nobody is logged in; the reason is told in the signal, and not to the visitor.
        case deny(reason: String)
        /// The visitor is sent there instead.
        case redirect(URL)
        /// The account is this user's from now on, and the flow goes on with them. One that is another's stays
        /// theirs, and the flow is refused.
        case connect(to: User.ID)
    }
}

/// A provider's answer on its way through a flow: allauth's `SocialLogin`.
public struct SocialLogin: Sendable {
    public var identity: SocialIdentity
    public var process: SocialLoginSnapshot.Process
    /// Whom it leads to: the connected account's user, or the one that an address is known of.
    public var user: User?
    /// The stored account, where there is one.
    public var account: SocialAccount?

    /// Whether it leads to a user who exists.
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
