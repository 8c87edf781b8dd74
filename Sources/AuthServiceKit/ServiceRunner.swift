// SPDX-License-Identifier: Apache-2.0
import Foundation
package import Logging
package import ServiceLifecycle
import UnixSignals

/// Runs the services of a process until it receives SIGTERM or SIGINT.
package enum ServiceRunner {
    /// Runs the services until one of them ends or the process receives SIGTERM or SIGINT. They are then shut down
    /// gracefully in reverse order, within 30 seconds. A second signal ends the process immediately, with exit code 1.
    package static func run(_ services: [any Service], logger: Logger) async throws {
        let signals = SignalService(await UnixSignalsSequence(trapping: .sigterm, .sigint))
        var configuration = ServiceGroupConfiguration(
            services: services.map { .init(service: $0) } + [
                .init(service: signals, successTerminationBehavior: .gracefullyShutdownGroup)
            ],
            logger: logger)
        configuration.maximumGracefulShutdownDuration = .seconds(30)
        let release = ResidentCode.releaseSoon()
        defer { release.cancel() }
        try await ServiceGroup(configuration: configuration).run()
    }
}

/// Starts the graceful shutdown of its group at the first signal, and ends the process at the second.
private struct SignalService: Service {
    private let signals: UnixSignalsSequence

    init(_ signals: UnixSignalsSequence) { self.signals = signals }

    func run() async throws {
        let (asked, ask) = AsyncStream<Void>.makeStream()
        // Detached, since it must outlive this service: the second signal may arrive while other services shut down.
        Task.detached { [signals] in
            var isAsked = false
            for await _ in signals {
                if isAsked { Self.stopAtOnce() }
                isAsked = true
                ask.finish()
            }
        }
        await cancelWhenGracefulShutdown { for await _ in asked {} }
    }

    private static func stopAtOnce() -> Never {
        let program = URL(filePath: CommandLine.arguments[0]).lastPathComponent
        let line = "\(program): stopped at once by a second signal; work in flight was abandoned\n"
        FileHandle.standardError.write(Data(line.utf8))
        // `_exit` skips the handlers of exit(3): a thread that hangs must not keep the process alive.
        _exit(ProcessFailure.Code.failed.rawValue)
    }
}
