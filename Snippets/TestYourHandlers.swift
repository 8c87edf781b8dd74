// SPDX-License-Identifier: Apache-2.0
// A worker without a broker: the memory broker routes, redelivers and keeps dead letters as the real one does.
import AuthSignals
import AuthTesting

let recorder = SignalRecorder()
var handlers = SignalHandlers()
recorder.add(to: &handlers, matching: "account.#", as: "recorder")
print(handlers.handlers(for: "account.user_signed_up").map(\.name))
