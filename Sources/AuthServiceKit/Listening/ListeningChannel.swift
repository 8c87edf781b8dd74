// SPDX-License-Identifier: Apache-2.0
import Hummingbird
import HummingbirdCore
import Logging
import NIOCore
import NIOHTTP1

/// A connection of a ``ListeningService``: Hummingbird's HTTP/1.1 channel, with ``RequestReadingHandler``.
struct ListeningChannel: ServerChildChannel {
    struct Value: ServerChildChannelValue {
        let http: HTTP1Channel.Value
        let client: ClientConnection
        var channel: any Channel { http.channel }
    }

    let http: HTTP1Channel
    let settings: ListenerSettings
    let around: ListeningService.Around

    init(
        _ responder: @escaping HTTP1Channel.Responder, _ settings: ListenerSettings,
        around: @escaping ListeningService.Around
    ) {
        http = HTTP1Channel(
            responder: responder, configuration: .init(idleTimeout: TimeAmount(settings.idleTimeout)))
        self.settings = settings
        self.around = around
    }

    func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Value> {
        let settings = settings
        return http.setup(channel: channel, logger: logger).flatMapThrowing { http in
            let pipeline = channel.pipeline.syncOperations
            let client = ClientConnection()
            let decoder = try pipeline.handler(type: ByteToMessageHandler<HTTPRequestDecoder>.self)
            try pipeline.addHandler(
                RequestReadingHandler(
                    bodyLimit: settings.bodyLimit,
                    timeLimit: TimeAmount(settings.requestTimeout), client: client),
                position: .after(decoder))
            return Value(http: http, client: client)
        }
    }

    func handle(value: Value, logger: Logger) async {
        await around(value.client) { await http.handle(value: value.http, logger: logger) }
    }
}
