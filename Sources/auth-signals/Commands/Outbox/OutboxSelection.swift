// SPDX-License-Identifier: Apache-2.0
public import ArgumentParser
import AuthSignals
import AuthStore
import Foundation

/// A selection of outbox rows: the common options of `list`, `republish`, `purge` and `verify`.
struct OutboxSelection: ParsableArguments {
    @OptionGroup var signals: SignalSelection

    @Option(help: "Emitted at or after: \(PointInTime.format).", transform: PointInTime.parse)
    var since: Date?

    @Option(help: "Emitted before; same format as --since.", transform: PointInTime.parse)
    var until: Date?

    /// Whether no option is set.
    var isEmpty: Bool { signals.isEmpty && since == nil && until == nil }

    func validate() throws {
        if signals.ids.contains(where: { UUID(uuidString: $0) == nil }) {
            throw ValidationError("--id must be a UUID")
        }
    }

    func filter(_ states: Set<OutboxRecord.State>) -> OutboxFilter {
        OutboxFilter(
            states, ids: signals.ids.isEmpty ? nil : Set(signals.ids.compactMap(UUID.init(uuidString:))),
            name: signals.name, subject: signals.subject, from: since, to: until)
    }
}

extension OutboxRecord.State: ExpressibleByArgument {}
