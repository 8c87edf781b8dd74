// SPDX-License-Identifier: Apache-2.0
public import ArgumentParser
import AuthBroker
import AuthSignals

/// The command-line options of a worker, for an executable of your own: those of `auth-consumer`.
///
/// With `@main` before it this command is a complete program:
///
/// ```swift
/// struct Billing: AsyncParsableCommand {
///     @OptionGroup var worker: WorkerOptions
///
///     func run() async throws {
///         try await SignalWorker(worker, handlers: SignalHandlers()).run()
///     }
/// }
/// ```
public struct WorkerOptions: ParsableArguments {
    @Option(help: "The name of the queue; workers with the same queue share its messages.")
    public var queue: String

    @Option(
        parsing: .upToNextOption,
        help: "A pattern to bind the queue with: 'account.#', '*.user_logged_in', '#'. May be repeated.")
    public var bind: [String]

    @Option(
        help: """
            The number of messages handled concurrently; messages of one subject are always handled one by one. By \
            default 8, and 1 with --single-active.
            """)
    public var concurrency: Int?

    @Flag(
        help: """
            Declare the queue with a single active consumer, for strict order: only one worker receives messages, one \
            by one. It cannot be changed for an existing queue.
            """)
    public var singleActive = false

    @Flag(
        help: """
            Keep bindings with patterns that are no longer given with --bind, and only log them. By default bindings \
            that a worker has made are removed.
            """)
    public var keepBindings = false

    @Option(help: "A file to write the port of the metrics listener to, for example with METRICS_PORT=0.")
    public var portFile: String?

    public init() {}

    /// - Throws: `ValidationError` with the name of the wrong option.
    public func validate() throws {
        guard (1...1000).contains(handledAtATime) else {
            throw ValidationError("--concurrency must be from 1 to 1000")
        }
        guard !bind.isEmpty else { throw ValidationError("--bind requires at least one pattern") }
        // The broker accepts any text; a pattern that cannot match any signal's name is a typo.
        for pattern in bind where (try? SignalPattern(validating: pattern))?.canMatchSignals == false {
            throw ValidationError(
                "--bind: '\(pattern)' cannot match any signal: names are two or more words of a-z, 0-9 and _, "
                    + "separated by dots; * and # stand for words"
            )
        }
        do {
            _ = try ConsumerTopology(
                queue: queue, patterns: bind.map { try SignalPattern(validating: $0) },
                singleActive: singleActive)
        } catch let error as BrokerError {
            throw ValidationError("--queue: \(error.message)")
        } catch let error as SignalError {
            throw ValidationError("--bind: \(error.message)")
        }
    }

    /// The concurrency of the options, or its default.
    var handledAtATime: Int { concurrency ?? (singleActive ? 1 : 8) }

    /// The patterns of `--bind`; ``validate()`` has refused invalid ones.
    var patterns: [SignalPattern] { bind.compactMap { try? SignalPattern(validating: $0) } }
}
