// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import AuthBrokerTools
import AuthSignals
import Foundation

/// A selection of dead letters; options that are not set match everything.
struct DeadLetterSelection: ParsableArguments, Sendable {
    @OptionGroup var signals: SignalSelection

    @Option(help: "The handler that failed.")
    var handler: String?

    @Option(help: "Dead-lettered at or after: \(PointInTime.format).", transform: PointInTime.parse)
    var since: Date?

    @Option(help: "Dead-lettered before; same format as --since.", transform: PointInTime.parse)
    var before: Date?

    /// Whether no option is set.
    var isEmpty: Bool { signals.isEmpty && handler == nil && since == nil && before == nil }

    func matches(_ letter: DeadLetter) -> Bool {
        let id = letter.id.lowercased()
        if !signals.ids.isEmpty, !signals.ids.contains(where: { $0.lowercased() == id }) { return false }
        if let name = signals.name, !name.matches(letter.name) { return false }
        if let subject = signals.subject, letter.message.subject != subject { return false }
        if let handler, letter.handler != handler { return false }
        if since != nil || before != nil {
            // A dead letter without a time does not match.
            guard let age = letter.age else { return false }
            if let since, age < since { return false }
            if let before, age >= before { return false }
        }
        return true
    }
}
