// SPDX-License-Identifier: Apache-2.0
// A test of handlers without RabbitMQ: the in-memory broker routes, redelivers and dead-letters messages like the real
// one. In a test target, `#expect` replaces `precondition`.
import AuthConsumer
import AuthSignals
import AuthTesting
import Foundation
import Logging

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

let codec = SignalCodec(source: "https://accounts.example.org")
let ada = UserSnapshot(
    id: "1", email: "ada@example.org", username: nil, isActive: true, dateJoined: Date(), lastLogin: nil)
let draft = try codec.draft(UserSignedUp(request: SignalRequest(), user: ada), at: Date())
let message = codec.message(for: OutboxRow(sequence: 1, draft: draft))

let mails = Locked<[String]>([])
let broker = MemoryBroker()
let source = MemorySource("worker", of: broker, bind: ["account.#"])
let dispatcher = SignalDispatcher(
    from: source, handlers: welcomeHandlers(mails: mails), inbox: MemoryInbox(), logger: Logger(label: "test")
)
let running = Task { try await dispatcher.run() }

let outcomes = await MemoryPublisher(to: broker).publish([message])
precondition(outcomes == [.confirmed])
try await eventually("the first attempt has failed") { source.messages(in: .retry(.oneSecond)).count == 1 }
precondition(mails.value.isEmpty)

broker.advance(by: .seconds(1))
try await eventually("the mail is sent") { mails.value == ["ada@example.org"] }

await source.stopTaking()
try await running.value
precondition(broker.unacknowledged(in: "worker") == 0)
precondition(source.messages(in: .dead).isEmpty)
print("sent after a retry: \(mails.value.joined(separator: " "))")
