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
            marked; say with --name what that worker's queue is bound to. A signal that is on its way, on the
            ladder of retries or among the dead letters is not marked either.

            What the store has forgotten as a whole cannot be found out: signals of a store that was replaced by an
            older copy. `auth-signals restore` puts a backup back so that no number is given to two signals; from then
            on this command says when that was.
            """)

    @Option(help: "A worker's inbox: sqlite:PATH.")
    var inbox: String?

    @Option(help: "Only this handler's marks; of all handlers together otherwise.")
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
            print(try result.jsonText())
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
        print(
            "emitted \(status.emitted) = confirmed \(status.confirmed) + unrouted \(status.unrouted)"
                + " + parked \(status.parked) + pending \(status.pending)"
                + (status.erased > 0 ? " + erased \(status.erased)" : ""))
        verification.faults.forEach { print($0) }
        if let restored = status.restoredAt {
            print(
                "restored from a backup at \(restored.wireText): what was emitted between that backup and then is "
                    + "not known to this store, and workers may have handled it")
        } else {
            print(
                "not known: whether this file was put back from an older copy without `auth-signals restore`")
        }
        guard let comparison else { return }
        print("confirmed and kept \(comparison.compared), not seen by the inbox \(comparison.unseen.count)")
        for line in comparison.unseen { print("\(line.time)  \(line.id)  \(line.name)") }
    }

    private func compare(_ store: SQLiteStore) async throws -> InboxComparison? {
        guard let inbox else { return nil }
        let opened: SQLiteInbox
        do {
            opened = try SQLiteInbox.existing(path: InboxURL(parsing: inbox).path)
        } catch let error as InboxError {
            throw ProcessFailure(.usage, "--inbox: \(error.message)")
        }
        let handlers = if let handler { [handler] } else { try await opened.handlers() }
        var comparison = InboxComparison()
        try await store.forEachPage(of: selection.filter([.confirmed])) { records in
            let unseen = Set(try await opened.unseen(of: records.map(\.row.draft.id), by: handlers))
            comparison.compared += records.count
            comparison.unseen += records.filter { unseen.contains($0.row.draft.id) }.map { OutboxLine($0) }
        }
        return comparison
    }
}

/// What a worker's inbox has not seen.
struct InboxComparison: Encodable {
    /// Signals of the history that were looked for.
    var compared = 0
    var unseen: [OutboxLine] = []
}
