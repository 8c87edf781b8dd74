// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import AuthInbox
import AuthOperations
import AuthSignals
import AuthStore
import Foundation

struct OutboxVerifyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Prove that every signal that was emitted is accounted for.",
        discussion: """
            With --inbox it also says which confirmed signals of the history a worker's handlers have not
            marked. It compares what that worker was to handle: signals that its queue is bound to and a handler
            takes, and that were emitted since both were so. A signal that is on its way, on the ladder of retries
            or among the dead letters is not marked either.

            What the store has forgotten as a whole cannot be found out: signals of a store that was replaced by an
            older copy. `auth-signals restore` puts a backup back so that no number is given to two signals; from then
            on this command says when that was.
            """)

    @Option(help: "A worker's inbox: sqlite:PATH.")
    var inbox: String?

    @Option(help: "Only this handler's marks; each handler's otherwise.")
    var handler: String?

    @OptionGroup var selection: OutboxSelection

    @Flag(help: "As JSON.")
    var json = false

    func validate() throws {
        if inbox == nil, handler != nil || !selection.isEmpty {
            throw ValidationError("what is selected is compared with an inbox: say --inbox")
        }
    }

    func run() async throws {
        let store = try await OutboxCommand.store()
        let verification = try await store.verifyOutbox()
        let comparison = try await compare(store)
        if json {
            let result = Result(outbox: verification, inbox: comparison)
            printLine(try result.jsonText())
        } else {
            show(verification, comparison)
        }
        if !verification.isWhole {
            throw ProcessFailure(
                .failed, "signals are not accounted for: \(verification.faults.count) faults")
        }
        if let comparison, !comparison.unseen.isEmpty {
            throw ProcessFailure(.failed, "the inbox has not seen \(comparison.unseen.count) signals")
        }
    }

    private struct Result: Encodable {
        var outbox: OutboxVerification
        var inbox: InboxComparison?
    }

    private func show(_ verification: OutboxVerification, _ comparison: InboxComparison?) {
        let status = verification.status
        printLine(
            "emitted \(status.emitted) = confirmed \(status.confirmed) + unrouted \(status.unrouted)"
                + " + parked \(status.parked) + pending \(status.pending)"
                + (status.erased > 0 ? " + erased \(status.erased)" : ""))
        for fault in verification.faults { printLine(fault) }
        if let restored = status.restoredAt {
            printLine(
                "restored from a backup at \(restored.wireText): what was emitted between that backup and then is "
                    + "not known to this store, and workers may have handled it")
        } else {
            printLine(
                "not known: whether this file was put back from an older copy without `auth-signals restore`")
        }
        guard let comparison else { return }
        if comparison.isGuess {
            printLine(
                "the inbox does not say what its worker handles (an older worker): all signals are compared")
        }
        printLine(
            "to be handled \(comparison.compared), not seen by the inbox \(comparison.unseen.count)"
                + (comparison.others > 0
                    ? "; not to be handled \(comparison.others), which no handler takes or which are older"
                    : ""))
        for line in comparison.unseen { printLine("\(line.time)  \(line.id)  \(line.name)") }
    }

    private func compare(_ store: SQLiteStore) async throws -> InboxComparison? {
        guard let inbox else { return nil }
        let opened: SQLiteInbox
        do {
            opened = try SQLiteInbox.existing(path: InboxURL(parsing: inbox).path)
        } catch let error as InboxError {
            throw ProcessFailure(.usage, "--inbox: \(error.message)")
        }
        let work = try await opened.work()
        let marked = try await opened.handlers()
        try checkHandler(among: Set(marked + work.handlers).sorted())
        let guess = handler.map { [$0] } ?? marked
        var comparison = InboxComparison(isGuess: work.isEmpty)
        try await store.forEachPage(of: selection.filter([.confirmed])) { records in
            var unseen: Set<UUID> = []
            if work.isEmpty {
                comparison.compared += records.count
                unseen = Set(try await opened.unseen(of: records.map(\.row.draft.id), by: guess))
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

    /// What each handler was to be given of the records, and how many of them at least one was.
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
            "--handler: the inbox knows no handler '\(handler)'; "
                + (known.isEmpty ? "it knows none" : "it knows \(known.joined(separator: ", "))"))
    }
}

/// What a worker's inbox has not seen.
struct InboxComparison: Encodable {
    /// Signals of the history that were looked for.
    var compared = 0
    var unseen: [OutboxLine] = []
    /// Signals of the history that its worker was not to handle.
    var others = 0
    /// Whether the inbox does not say what its worker handles, so that all were looked for.
    var isGuess = false

    private enum CodingKeys: String, CodingKey {
        case compared, unseen, others = "not_to_be_handled", isGuess = "guess"
    }
}
