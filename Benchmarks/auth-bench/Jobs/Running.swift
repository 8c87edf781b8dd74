// SPDX-License-Identifier: Apache-2.0
import Foundation
import Logging
import ServiceLifecycle

/// Runs services while a body runs.
enum Running {
    /// Starts the services, runs the body, then shuts them down gracefully in reverse order.
    static func services(
        _ services: [any Service], _ body: @escaping @Sendable () async throws -> Void
    ) async throws {
        let group = ServiceGroup(services: services, logger: .silent)
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await group.run() }
            tasks.addTask {
                do { try await body() } catch {
                    // Exit at once, since the result of a failed job is not used.
                    FileHandle.standardError.write(Data("the job failed: \(error)\n".utf8))
                    exit(1)
                }
                await group.triggerGracefulShutdown()
            }
            try await tasks.waitForAll()
        }
    }
}

extension Logger {
    /// A logger without output, so that logging is not measured.
    static var silent: Logger { Logger(label: "bench") { _ in SwiftLogNoOpLogHandler() } }
}
