// SPDX-License-Identifier: Apache-2.0
import Foundation
public import Hummingbird
import HummingbirdCore
public import Logging
import NIOCore
public import ServiceLifecycle

/// A service that answers HTTP requests on a port, and says which one if it cannot listen there.
///
/// All that the protocol asks of a server and that routes do not know is done here, for every process alike:
/// interim responses, time limits of requests, the number of connections (``ListenerConfiguration``). `HEAD`
/// needs the router's help: make it with `options: .autoGenerateHeadEndpoints`.
public struct ListeningService: Service {
    /// Serves a connection; what must be set for all of its requests can be set around it.
    public typealias Around =
        @Sendable (_ connection: ClientConnection, _ serve: @Sendable () async -> Void) async -> Void

    private let service: any Service
    private let setting: String
    private let host: String
    private let address: String

    /// - Parameters:
    ///   - responder: answers the requests, such as a router's `buildResponder()`.
    ///   - around: called for each connection; it calls `serve`.
    public init<Responder: HTTPResponder>(
        _ responder: Responder, configuration: ListenerConfiguration, logger: Logger,
        around: @escaping Around = { _, serve in await serve() }
    ) where Responder.Context: InitializableFromSource<ApplicationRequestContextSource> {
        setting = configuration.setting
        host = configuration.host
        address =
            host.contains(":") ? "[\(host)]:\(configuration.port)" : "\(host):\(configuration.port)"
        let connections = configuration.maximumConnections(
            descriptors: ListenerConfiguration.descriptorLimit)
        service = Application(
            responder: responder,
            server: HTTPServerBuilder { ListeningChannel($0, configuration, around: around) },
            configuration: ApplicationConfiguration(
                address: .hostname(host, port: configuration.port), serverName: nil,
                availableConnectionsDelegate: MaximumAvailableConnections(connections, logger: logger)),
            onServerRunning: { channel in
                try? await channel.eventLoop.submit {
                    try channel.pipeline.syncOperations.addHandler(
                        AcceptPause(logger: logger), position: .first)
                }.get()
                configuration.portFile?.write(channel)
            },
            logger: logger)
    }

    /// - Throws: ``ProcessFailure`` with code 1 if the port is in use, is not this user's to listen on, or the host
    ///   is not an address of this machine.
    public func run() async throws {
        do {
            try await service.run()
        } catch let error as IOError where Self.reasons[error.errnoCode] != nil {
            throw ProcessFailure(
                .failed,
                "\(setting): cannot listen on \(address): \(Self.reasons[error.errnoCode] ?? "")")
        } catch let error where error is SocketAddressError || error is SocketAddressError.UnknownHost {
            throw ProcessFailure(
                .failed,
                "\(setting): cannot listen on \(address): the name has no address; set an address, such as 127.0.0.1 or ::1"
            )
        }
    }

    private static let reasons: [CInt: String] = [
        EADDRINUSE: "another program has the port; stop that one, or set another port",
        EACCES: "this user may not; set a port above 1023",
        EADDRNOTAVAIL: "this host has no such address; set another host",
        EAFNOSUPPORT: "this system has no addresses of that kind (IPv6 is off, say); set another host",
    ]
}
