// SPDX-License-Identifier: Apache-2.0
// A worker: a table of handlers, and the services that consume a queue of RabbitMQ and call them. The environment has
// BROKER_URL, and BROKER_EXCHANGE if it is not the default one.
import AuthBroker
import AuthConsumer
import AuthSignals
import Foundation
import Logging
import ServiceLifecycle

let logger = Logger(label: "worker")
var reader = SettingsReader(ProcessInfo.processInfo.environment)
let broker = BrokerSettings(reading: &reader)
try reader.check()

var handlers = SignalHandlers()
handlers.on(UserLoggedIn.self, as: "welcome") { signal, context in
    context.logger.info("welcome back", metadata: ["user": "\(signal.user.id)"])
}
handlers.on(matching: "socialaccount.#", as: "audit") { event, context in
    context.logger.info("audited", metadata: ["signal": "\(event.name)"])
}
let queue = try ConsumerTopology(queue: "welcome", patterns: ["account.user_logged_in", "socialaccount.#"])
let source = BrokerSource(queue, broker, logger: logger)
let dispatcher = SignalDispatcher(from: source, handlers: handlers, inbox: nil, logger: logger)
let group = ServiceGroup(
    services: [source, dispatcher], gracefulShutdownSignals: [.sigterm, .sigint], logger: logger)
try await group.run()
