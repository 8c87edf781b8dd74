// SPDX-License-Identifier: Apache-2.0
// A table of handlers, for a worker or for in-process receivers.
import AuthSignals
import Logging

var handlers = SignalHandlers()
handlers.on(UserLoggedIn.self, as: "welcome") { signal, context in
    context.logger.info("welcome back", metadata: ["user": "\(signal.user.id)"])
}
handlers.on(matching: "socialaccount.#", as: "audit") { event, context in
    context.logger.info("audited", metadata: ["signal": "\(event.name)"])
}
print(handlers.handlers(for: "account.user_logged_in").map(\.name))
