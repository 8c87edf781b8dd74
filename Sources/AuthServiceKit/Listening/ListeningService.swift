// SPDX-License-Identifier: Apache-2.0
import Foundation
package import Hummingbird
import HummingbirdCore
package import Logging
import NIOCore
import NIOHTTP1
import ServiceLifecycle

/// A service that answers HTTP requests on a port. If it cannot listen, its error names the port's setting.
///
/// Everything that HTTP requires of a server below its routes is done here, in the same way for every process: interim
/// responses, time limits for requests, and the limit on connections (``ListenerSettings``). `HEAD` also needs a
/// router with `options: .autoGenerateHeadEndpoints`.
package struct ListeningService: Service {
    /// Wraps the handling of a connection, for example to set a task-local value for all of its requests.
    package typealias Around =
        @Sendable (_ connection: ClientConnection, _ serve: @Sendable () async -> Void) async -> Void

    private let service: any Service
    private let setting: String
    private let host: String
    private let address: String

    /// - Parameters:
    ///   - responder: answers the requests, such as a router's `buildResponder()`.
    ///   - around: called for each connection; it calls `serve`.
    package init<Responder: HTTPResponder>(
        _ responder: Responder, settings: ListenerSettings, logger: Logger,
        around: @escaping Around = { _, serve in await serve() }
    ) where Responder.Context: InitializableFromSource<ApplicationRequestContextSource> {
        setting = settings.setting
        host = settings.host
        address =
            host.contains(":") ? "[\(host)]:\(settings.port)" : "\(host):\(settings.port)"
        let connections = settings.maximumConnections(
            descriptors: ListenerSettings.descriptorLimit)
        service = Application(
            responder: responder,
            server: HTTPServerBuilder { ListeningChannel($0, settings, around: around) },
            configuration: ApplicationConfiguration(
                address: .hostname(host, port: settings.port), serverName: nil,
                availableConnectionsDelegate: MaximumAvailableConnections(connections, logger: logger)),
            onServerRunning: { channel in
                try? await channel.eventLoop.submit {
                    try channel.pipeline.syncOperations.addHandler(
                        AcceptPause(logger: logger), position: .first)
                }.get()
                settings.portFile?.write(channel)
            },
            logger: logger)
    }

    /// - Throws: ``ProcessFailure`` with code 1 if the port is in use, the user has no permission to listen on it, or
    ///   the host is not an address of this machine.
    package func run() async throws {
        do {
            try await service.run()
        } catch let error as IOError where Self.reasons[error.errnoCode] != nil {
            throw ProcessFailure(
                .failed,
                "\(setting): cannot listen on \(address): \(Self.reasons[error.errnoCode] ?? "")")
        } catch let error where error is SocketAddressError || error is SocketAddressError.UnknownHost {
            throw ProcessFailure(
                .failed,
                "\(setting): cannot listen on \(address): the host name does not resolve; set an address, such as 127.0.0.1 or ::1"
            )
        }
    }

    private static let reasons: [CInt: String] = [
        EADDRINUSE: "the port is in use by another process; stop that process or set another port",
        EACCES: "permission denied; set a port above 1023",
        EADDRNOTAVAIL: "the address is not available on this machine; set another host",
        EAFNOSUPPORT: "the address family is not supported (IPv6 may be off); set another host",
    ]
}

/// A connection of a ``ListeningService``: Hummingbird's HTTP/1.1 channel, with ``RequestReadingHandler``.
private struct ListeningChannel: ServerChildChannel {
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
