// SPDX-License-Identifier: Apache-2.0
import AuthMail
import Foundation
import Synchronization

/// A transport whose results are set by the test; it records every mail.
final class ScriptedTransport: MailTransport {
    private struct State {
        var answers: [MailError] = []
        var always: MailError?
        var isHanging = false
        var sent: [RenderedMail] = []
        var attempts: [UUID] = []
        var inHand = 0
        var mostInHand = 0
        var isClosed = false
    }

    private let state = Mutex(State())

    /// The next calls fail with these errors, in order; later calls succeed.
    func fail(_ answers: MailError...) { state.withLock { $0.answers += answers } }
    /// Every call fails with this error, until it is set to nil.
    func failAlways(_ answer: MailError?) { state.withLock { $0.always = answer } }
    /// Calls block until this is false again or their task is cancelled.
    func hang(_ isHanging: Bool) { state.withLock { $0.isHanging = isHanging } }

    var sent: [UUID] { state.withLock { $0.sent.map(\.id) } }
    var attempts: [UUID] { state.withLock { $0.attempts } }
    var inHand: Int { state.withLock { $0.inHand } }
    var mostInHand: Int { state.withLock { $0.mostInHand } }
    var isClosed: Bool { state.withLock { $0.isClosed } }

    func send(_ mail: RenderedMail) async throws(MailError) {
        state.withLock { state in
            state.attempts.append(mail.id)
            state.inHand += 1
            state.mostInHand = max(state.mostInHand, state.inHand)
        }
        defer { state.withLock { $0.inHand -= 1 } }
        while state.withLock({ $0.isHanging }) {
            do {
                try await Task.sleep(for: .milliseconds(2))
            } catch {
                throw MailError(.interrupted, "sending was cancelled")
            }
        }
        let answer = state.withLock { $0.always ?? ($0.answers.isEmpty ? nil : $0.answers.removeFirst()) }
        if let answer { throw answer }
        state.withLock { $0.sent.append(mail) }
    }

    func close() async { state.withLock { $0.isClosed = true } }
}
