// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import AuthServiceKit
import AuthSignals
import AuthStore
import Foundation

struct OutboxVerifyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Verify that every emitted signal is accounted for.",
        discussion: """
            With --inbox it also lists confirmed signals of the history that a worker's handlers have not marked
            as processed in the inbox. It compares the signals that match a binding of the worker's queue and one of
            its handlers, and were emitted after both were registered. Signals that are still queued, in a retry
            queue or dead-lettered are not marked either.

            Signals that were lost with the whole store cannot be detected, for example if an older copy replaced
            it. Use `auth-signals restore` to restore a backup: it never assigns a sequence number twice, and this
            command reports the time of the restore. For PostgreSQL, run `auth-signals store restored` after a restore.
            """)

    @Option(help: "A worker's inbox: sqlite:PATH or postgres://….")
    var inbox: String?

    @Option(help: "Compare only this handler's marks, by default those of all handlers.")
    var handler: String?

    @OptionGroup var selection: OutboxSelection

    @Flag(help: "Print JSON.")
    var json = false

    func validate() throws {
        if inbox == nil, handler != nil || !selection.isEmpty {
            throw ValidationError("--handler and the selection of signals require --inbox")
        }
    }

    func run() async throws {
        var reader = ProcessEnvironment.settings()
        let settings = try InstallationSettings(reading: &reader, needsSource: false)
        let store = try await OutboxCommand.store(settings, isReadOnly: true)
        let verification = try await store.verifyOutbox()
        let comparison = try await compare(store)
        if json {
            let result = Result(outbox: verification, inbox: comparison)
            printLine(try result.jsonText())
        } else {
            show(verification, comparison, try settings.storeBackend)
        }
        if !verification.isWhole {
            throw ProcessFailure(
                .failed, "signals are not accounted for: \(verification.faults.count) faults")
        }
        if let comparison, !comparison.unseen.isEmpty {
            throw ProcessFailure(.failed, "\(comparison.unseen.count) signals are missing in the inbox")
        }
    }

    private struct Result: Encodable {
        var outbox: OutboxVerification
        var inbox: InboxComparison?
    }

    private func show(
        _ verification: OutboxVerification, _ comparison: InboxComparison?, _ backend: any StoreBackend
    ) {
        let status = verification.status
        printLine(
            "emitted \(status.emitted) = confirmed \(status.confirmed) + unrouted \(status.unrouted)"
                + " + parked \(status.parked) + pending \(status.pending)"
                + (status.erased > 0 ? " + erased \(status.erased)" : ""))
        for fault in verification.faults { printLine(fault) }
        if let restored = status.restoredAt {
            printLine(backend.restoredText(restored.wireText))
        } else {
            printLine("unknown: \(backend.unknownRestore)")
        }
        guard let comparison else { return }
        if comparison.comparesAllSignals {
            printLine(
                "the inbox has no registration of its worker's handlers (an older worker): comparing all signals"
            )
        }
        printLine(
            "expected in the inbox \(comparison.compared), missing \(comparison.unseen.count)"
                + (comparison.others > 0
                    ? "; not expected \(comparison.others): no handler matches, or they are older than the worker"
                    : ""))
        for line in comparison.unseen { printLine("\(line.time)  \(line.id)  \(line.name)") }
    }

    private func compare(_ store: any OperatedStore) async throws -> InboxComparison? {
        guard let inbox else { return nil }
        return try await ExistingInbox.with(inbox) { try await compare(store, with: $0) }
    }

    private func compare(_ store: any OperatedStore, with opened: any OperatedInbox) async throws
        -> InboxComparison
    {
        let work = try await opened.work()
        let marked = try await opened.handlers()
        try checkHandler(among: Set(marked + work.handlers).sorted())
        let handlersToCompare = handler.map { [$0] } ?? marked
        var comparison = InboxComparison(comparesAllSignals: work.isEmpty)
        try await store.forEachPage(of: selection.filter([.confirmed])) { records in
            var unseen: Set<UUID> = []
            if work.isEmpty {
                comparison.compared += records.count
                unseen = Set(try await opened.unseen(of: records.map(\.row.draft.id), by: handlersToCompare))
            } else {
                let wanted = self.wanted(of: records, work)
                for (handler, ids) in wanted.byHandler {
                    unseen.formUnion(try await opened.unseen(of: ids, by: [handler]))
                }
                comparison.compared += wanted.count
                comparison.others += records.count - wanted.count
            }
            comparison.unseen += records.filter { unseen.contains($0.row.draft.id) }.map { OutboxLine($0) }
        }
        return comparison
    }

    /// The records expected at each handler, and the number of records expected at one handler at least.
    private func wanted(
        of records: [OutboxRecord], _ work: InboxWork
    ) -> (byHandler: [String: [UUID]], count: Int) {
        var byHandler: [String: [UUID]] = [:]
        var count = 0
        for record in records {
            let draft = record.row.draft
            var handlers = work.handlers(
                for: draft.name, emitted: draft.time, settled: record.settledAt ?? draft.time)
            if let handler { handlers = handlers.filter { $0 == handler } }
            if !handlers.isEmpty { count += 1 }
            for handler in handlers { byHandler[handler, default: []].append(draft.id) }
        }
        return (byHandler, count)
    }

    private func checkHandler(among known: [String]) throws {
        guard let handler, !known.contains(handler) else { return }
        throw ProcessFailure(
            .usage,
            "--handler: the inbox has no handler '\(handler)'; "
                + (known.isEmpty ? "it has none" : "existing handlers: \(known.joined(separator: ", "))"))
    }
}

/// The signals that are missing in a worker's inbox.
struct InboxComparison: Encodable {
    /// The number of signals of the history that are expected in the inbox.
    var compared = 0
    var unseen: [OutboxLine] = []
    /// The number of signals of the history that are not expected in the inbox.
    var others = 0
    /// Whether the inbox has no registration of its worker's handlers, so that all signals were compared.
    var comparesAllSignals = false

    private enum CodingKeys: String, CodingKey {
        case compared, unseen, others = "not_to_be_handled", comparesAllSignals = "guess"
    }
}
