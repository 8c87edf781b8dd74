// SPDX-License-Identifier: Apache-2.0
import Foundation
import Logging
import ServiceLifecycle

/// Runs services beside a body.
enum Running {
    /// Starts the services, runs the body, then lets them finish in reverse order.
    static func services(
        _ services: [any Service], _ body: @escaping @Sendable () async throws -> Void
    ) async throws {
        let group = ServiceGroup(services: services, logger: .silent)
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await group.run() }
            tasks.addTask {
                do { try await body() } catch {
                    // A job that has failed has nothing to finish.
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
    /// Says nothing: what is measured is not the log.
    static var silent: Logger { Logger(label: "bench") { _ in SwiftLogNoOpLogHandler() } }
}
