// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import AuthBroker
import AuthSignals
import Foundation

/// Which dead letters are meant; what is not set is not asked.
struct DeadSelection: ParsableArguments, Sendable {
    @OptionGroup var signals: SignalSelection

    @Option(help: "The handler that failed.")
    var handler: String?

    @Option(help: "Set aside since: \(PointInTime.form).", transform: PointInTime.parse)
    var since: Date?

    @Option(help: "Set aside before: as --since.", transform: PointInTime.parse)
    var before: Date?

    /// Whether nothing was asked for.
    var isEmpty: Bool { signals.isEmpty && handler == nil && since == nil && before == nil }

    func means(_ letter: DeadLetter) -> Bool {
        let id = letter.id.lowercased()
        if !signals.ids.isEmpty, !signals.ids.contains(where: { $0.lowercased() == id }) { return false }
        if let name = signals.name, !name.matches(letter.name) { return false }
        if let subject = signals.subject, letter.message.subject != subject { return false }
        if let handler, letter.handler != handler { return false }
        if since != nil || before != nil {
            // What has no age is in no span of time.
            guard let age = letter.age else { return false }
            if let since, age < since { return false }
            if let before, age >= before { return false }
        }
        return true
    }
}
