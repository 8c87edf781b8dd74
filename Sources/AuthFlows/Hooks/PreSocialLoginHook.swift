// SPDX-License-Identifier: Apache-2.0
import AuthSignals
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

/// The outcome of calling a hook, including failures and time-outs.
struct HookVerdict: Hashable, Sendable {
    var answer: PreSocialLoginHook.Answer
    /// The reason in the signal.
    var reason: String?

    static let proceed = HookVerdict(answer: .proceed)

    var outcome: PreSocialLogin.Outcome {
        switch answer {
        case .proceed: .proceeded
        case .deny: .denied
        case .redirect: .redirected
        case .connect: .connected
        }
    }

    static func denied(_ reason: String) -> HookVerdict {
        HookVerdict(answer: .deny(reason: reason), reason: reason)
    }
}

extension PreSocialLoginHook {
    /// The longest reason in the signal, in bytes.
    private static let longestReason = 512

    private enum Event: Sendable { case answered(Answer), failed, late }

    /// Calls the hook and waits until its deadline at most. A hook that ignores its cancellation keeps running
    /// unattended.
    ///
    /// - Throws: `CancellationError` if the caller's task is cancelled meanwhile.
    func verdict(on login: SocialLogin, _ context: FlowContext) async throws -> HookVerdict {
        let (events, feed) = AsyncStream.makeStream(of: Event.self, bufferingPolicy: .bufferingOldest(1))
        let work = Task {
            do {
                feed.yield(.answered(try await answer(login, context)))
            } catch {
                feed.yield(.failed)
            }
        }
        let timer = Task {
            try await Task.sleep(for: deadline)
            feed.yield(.late)
        }
        defer {
            work.cancel()
            timer.cancel()
        }
        guard let event = await events.first(where: { _ in true }) else { throw CancellationError() }
        switch event {
        case .answered(.deny(let reason)):
            let told = reason.cut(toUTF8Bytes: Self.longestReason)
            return HookVerdict(answer: .deny(reason: told), reason: told)
        case .answered(let answer): return HookVerdict(answer: answer)
        case .failed: return withoutAnswer("error")
        case .late: return withoutAnswer("timeout")
        }
    }

    private func withoutAnswer(_ reason: String) -> HookVerdict {
        failsOpen ? HookVerdict(answer: .proceed, reason: reason) : .denied(reason)
    }
}
