// SPDX-License-Identifier: Apache-2.0
// A worker without RabbitMQ: the in-memory broker routes, redelivers and dead-letters messages like the real one.
import AuthSignals
import AuthTesting

let recorder = SignalRecorder()
var handlers = SignalHandlers()
recorder.add(to: &handlers, matching: "account.#", as: "recorder")
print(handlers.handlers(for: "account.user_signed_up").map(\.name))
