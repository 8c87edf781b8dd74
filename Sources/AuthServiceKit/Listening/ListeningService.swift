// SPDX-License-Identifier: Apache-2.0
import Foundation
public import Hummingbird
import HummingbirdCore
public import Logging
import NIOCore
public import ServiceLifecycle

/// A service that answers HTTP requests on a port. If it cannot listen, its error names the port's setting.
///
/// Everything that HTTP requires of a server below its routes is done here, in the same way for every process: interim
/// responses, time limits for requests, and the limit on connections (``ListenerSettings``). `HEAD` also needs a
/// router with `options: .autoGenerateHeadEndpoints`.
public struct ListeningService: Service {
    /// Wraps the handling of a connection, for example to set a task-local value for all of its requests.
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
