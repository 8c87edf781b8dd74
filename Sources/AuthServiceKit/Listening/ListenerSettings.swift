// SPDX-License-Identifier: Apache-2.0
import Foundation

/// The address that a process listens on for HTTP, and the limits for its clients.
package struct ListenerSettings: Sendable {
    /// The name of the setting for the port, for error messages: `HTTP_PORT`.
    package var setting: String
    /// An address or a host name.
    package var host: String
    /// 0 picks a free port.
    package var port: Int
    /// The file that the port is written to once the process listens.
    package var portFile: PortFile?
    /// The number of connections that are served at a time; further ones wait in the listen queue. It is lowered if
    /// fewer than ``reservedDescriptors`` file descriptors would be left for everything else.
    package var maximumConnections: Int
    /// How long a connection may be idle before its next request.
    package var idleTimeout: Duration
    /// How long it may take to receive a request, from its head to its end, before the connection is closed.
    package var requestTimeout: Duration
    /// The longest body, in bytes, that is requested with 100 (Continue) from a client that sends
    /// `Expect: 100-continue`.
    package var bodyLimit: Int

    package init(
        setting: String, host: String, port: Int, portFile: PortFile? = nil, maximumConnections: Int = 64,
        idleTimeout: Duration = .seconds(60), requestTimeout: Duration = .seconds(35),
        bodyLimit: Int = 64 * 1024
    ) {
        self.setting = setting
        self.host = host
        self.port = port
        self.portFile = portFile
        self.maximumConnections = maximumConnections
        self.idleTimeout = idleTimeout
        self.requestTimeout = requestTimeout
        self.bodyLimit = bodyLimit
    }

    /// File descriptors that are not available to clients: for the store, the broker, mail and providers.
    package static let reservedDescriptors = 64

    /// ``maximumConnections``, lowered if the process's limit of file descriptors requires it.
    ///
    /// - Parameter descriptors: the limit (`ulimit -n`).
    func maximumConnections(descriptors: Int) -> Int {
        max(1, min(maximumConnections, descriptors - min(Self.reservedDescriptors, descriptors / 2)))
    }

    /// The number of file descriptors that the process may have.
    static var descriptorLimit: Int {
        var limit = rlimit()
        #if canImport(Darwin)
            let result = getrlimit(RLIMIT_NOFILE, &limit)
        #else
            let result = getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        #endif
        return result == 0 ? Int(clamping: limit.rlim_cur) : 1024
    }
}
