// SPDX-License-Identifier: Apache-2.0
import Foundation

/// Where a process listens for HTTP, and what it grants its clients.
public struct ListenerConfiguration: Sendable {
    /// The setting of the port, which errors name: `HTTP_PORT`.
    public var setting: String
    /// An address or a name.
    public var host: String
    /// 0 picks a free one.
    public var port: Int
    /// Gets the port once the process listens.
    public var portFile: PortFile?
    /// How many connections are served at a time; others wait in the system's queue. At least
    /// ``reservedDescriptors`` file descriptors are kept for everything else, whatever this says.
    public var maximumConnections: Int
    /// How long a connection may wait for its next request.
    public var idleTimeout: Duration
    /// How long a request may take from its head to its end before the connection is closed.
    public var requestTimeout: Duration
    /// The most bytes that a client that asks before it sends them (`Expect: 100-continue`) is asked for.
    public var bodyLimit: Int

    public init(
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

    /// File descriptors that are not for clients: of the store, the broker, mail and providers.
    public static let reservedDescriptors = 64

    /// ``maximumConnections`` as far as the process's limit of descriptors allows it.
    ///
    /// - Parameter descriptors: the limit (`ulimit -n`).
    func maximumConnections(descriptors: Int) -> Int {
        max(1, min(maximumConnections, descriptors - min(Self.reservedDescriptors, descriptors / 2)))
    }

    /// How many file descriptors the process may have.
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
