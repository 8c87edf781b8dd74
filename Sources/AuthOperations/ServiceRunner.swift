// SPDX-License-Identifier: Apache-2.0
import Foundation
public import Logging
public import ServiceLifecycle
import UnixSignals

/// Runs the services of a process until SIGTERM or SIGINT asks it to end.
public enum ServiceRunner {
    /// Runs services until one of them ends or the process is asked to; they are then asked to end in reverse
    /// order, and have 30 seconds for it. A second signal ends the process at once, with exit code 1.
    public static func run(_ services: [any Service], logger: Logger) async throws {
        let signals = SignalService(await UnixSignalsSequence(trapping: .sigterm, .sigint))
        var configuration = ServiceGroupConfiguration(
            services: services.map { .init(service: $0) } + [
                .init(service: signals, successTerminationBehavior: .gracefullyShutdownGroup)
            ],
            logger: logger)
        configuration.maximumGracefulShutdownDuration = .seconds(30)
        try await ServiceGroup(configuration: configuration).run()
    }
}

/// Ends, and with it asks the whole group to, at the first signal; ends the process at the second.
private struct SignalService: Service {
    private let signals: UnixSignalsSequence

    init(_ signals: UnixSignalsSequence) { self.signals = signals }

    func run() async throws {
        let (asked, ask) = AsyncStream<Void>.makeStream()
        // It outlives this service: the second signal comes while the others finish.
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
        let line = "\(program): stopped at once by a second signal; what was in hand is not finished\n"
        FileHandle.standardError.write(Data(line.utf8))
        // Without the handlers of exit(3): a thread that hangs must not hold the process.
        _exit(ProcessFailure.Code.failed.rawValue)
    }
}
