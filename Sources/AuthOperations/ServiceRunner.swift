// SPDX-License-Identifier: Apache-2.0
public import Logging
public import ServiceLifecycle
import UnixSignals

/// Runs the services of a process until SIGTERM or SIGINT asks it to end.
public enum ServiceRunner {
    /// Runs services until one of them ends or the process is asked to; they are then asked to end in reverse
    /// order, and have 30 seconds for it.
    public static func run(_ services: [any Service], logger: Logger) async throws {
        var configuration = ServiceGroupConfiguration(
            services: services.map { .init(service: $0) },
            gracefulShutdownSignals: [.sigterm, .sigint], logger: logger)
        configuration.maximumGracefulShutdownDuration = .seconds(30)
        try await ServiceGroup(configuration: configuration).run()
    }
}
