// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import AuthBroker
import AuthSignals

struct TopologyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "topology",
        abstract: "Declare the broker's exchanges and queues, or compare them with the contract.",
        subcommands: [TopologyDeclareCommand.self, TopologyCheckCommand.self])
}

/// The consumer whose exchange, queues and bindings are declared or checked.
struct ConsumerSelection: ParsableArguments {
    @Option(help: "A consumer's queue.")
    var queue: String?

    @Option(parsing: .upToNextOption, help: "A pattern to bind the queue with: 'account.#'. May be repeated.")
    var bind: [String] = []

    @Flag(help: "The queue has a single active consumer.")
    var singleActive = false

    func validate() throws { _ = try topology() }

    /// - Throws: `ValidationError` for a malformed option.
    func topology() throws -> ConsumerTopology? {
        guard let queue else {
            if bind.isEmpty, !singleActive { return nil }
            throw ValidationError("--bind and --single-active require --queue")
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
