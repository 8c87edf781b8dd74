// SPDX-License-Identifier: Apache-2.0
import AuthSignals

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
