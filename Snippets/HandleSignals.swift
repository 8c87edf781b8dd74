// SPDX-License-Identifier: Apache-2.0
// A worker as a complete program. BROKER_URL and the other settings of deploy/env.example are read from the environment.
import AuthSignals
import AuthWorker

var handlers = SignalHandlers()
handlers.on(UserLoggedIn.self, as: "welcome") { signal, context in
    context.logger.info("welcome back", metadata: ["user": "\(signal.user.id)"])
}
try await SignalWorker(queue: "welcome", patterns: ["account.#"], handlers: handlers).run()
