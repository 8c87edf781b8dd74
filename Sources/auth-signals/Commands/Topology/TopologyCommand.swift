// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import AuthBroker
import AuthSignals

struct TopologyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "topology", abstract: "Make the broker's objects, or compare them with the contract.",
        subcommands: [TopologyDeclareCommand.self, TopologyCheckCommand.self])
}

/// A consumer whose objects are meant.
struct ConsumerSelection: ParsableArguments {
    @Option(help: "A consumer's queue.")
    var queue: String?

    @Option(parsing: .upToNextOption, help: "What that queue is bound to: 'account.#'. May be repeated.")
    var bind: [String] = []

    @Flag(help: "It serves one worker at a time.")
    var singleActive = false

    func validate() throws { _ = try topology() }

    /// - Throws: `ValidationError` that says what is malformed.
    func topology() throws -> ConsumerTopology? {
        guard let queue else {
            if bind.isEmpty, !singleActive { return nil }
            throw ValidationError("--bind and --single-active are about a queue: say --queue")
        }
        for pattern in bind where (try? SignalPattern(validating: pattern))?.canMatchSignals == false {
            throw ValidationError("--bind: \(SignalSelection.impossible(pattern))")
        }
        do {
            return try ConsumerTopology(
                queue: queue, patterns: bind.map { try SignalPattern(validating: $0) },
                singleActive: singleActive)
        } catch let error as BrokerError {
            throw ValidationError("--queue: \(error.message)")
        } catch let error as SignalError {
            throw ValidationError("--bind: \(error.message)")
        }
    }
}
