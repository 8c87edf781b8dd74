// SPDX-License-Identifier: Apache-2.0
// A test of handlers without RabbitMQ: an in-memory worker routes, retries and dead-letters messages like the real one.
import AuthSignals
import AuthTesting
import Testing

struct MailServerDown: Error {}

/// The handlers under test; the first attempt of each mail fails.
func welcomeHandlers(mails: Locked<[String]>) -> SignalHandlers {
    var handlers = SignalHandlers()
    handlers.on(UserSignedUp.self, as: "welcome-mail") { signal, context in
        if context.attempt == 1 { throw MailServerDown() }
        mails.change { $0.append(signal.user.email ?? "") }
    }
    return handlers
}

@Test func `a mail that fails is sent again after a second`() async throws {
    let mails = Locked<[String]>([])
    try await HandlerTest(welcomeHandlers(mails: mails)) { worker in
        try await worker.send(UserSignedUp.sample(user: .sample(email: "ada@example.org")))
        #expect(worker.retries.map(\.handler) == ["welcome-mail"])
        #expect(mails.value.isEmpty)

        try await worker.advance(by: .seconds(1))
        #expect(mails.value == ["ada@example.org"])
        #expect(worker.handled == 1)
        #expect(worker.deadLetters.isEmpty)
    }
}

// A snippet is a program, which runs its tests itself; a test target ends above.
await Testing.__swiftPMEntryPoint() as Never
