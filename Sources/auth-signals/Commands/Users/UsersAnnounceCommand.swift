// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import AuthBroker
import AuthServiceKit
import AuthSignals
import AuthStore
import Foundation

struct UsersAnnounceCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "announce",
        abstract:
            "Publish the state of every account to the queue of a new subscriber: account.user_snapshot.",
        discussion: """
            No other queue receives these messages. Bind the queue first (`auth-signals topology declare --queue QUEUE
            --bind …`), so that it has every later change. A message's sequence is that of the last signal that was
            committed before the account was read: for one user, a signal with a higher sequence is newer than the
            snapshot.

            A message's id follows from SIGNALS_SOURCE and the user's id. So it is safe to run the command again:
            a subscriber that drops duplicates handles each account once. After an interruption or a failure, the
            error has the value of --after that continues instead. Settings: those of the server, with a BROKER_URL
            whose user may write to the exchange QUEUE.x.
            """)

    @Option(help: "The subscriber's queue.")
    var to: String

    @Option(help: "Only users who joined at or after: \(PointInTime.format).", transform: PointInTime.parse)
    var since: Date?

    @Option(help: "Only users after this id, to continue.")
    var after: String?

    @Option(help: "The maximum number of messages per second; by default as fast as the broker confirms.")
    var rate: Int?

    @Flag(help: "Print JSON.")
    var json = false

    func validate() throws {
        if let rate, !(1...1_000_000).contains(rate) {
            throw ValidationError("--rate must be 1 to 1000000")
        }
        if let after, UUID(uuidString: after) == nil { throw ValidationError("--after must be a UUID") }
    }

    func run() async throws {
        var reader = ProcessEnvironment.settings()
        let settings = try InstallationSettings(reading: &reader)
        let store = try await OutboxCommand.store(settings, isReadOnly: true)
        let announcement = UserAnnouncement(store: store, codec: settings.signals.codec, rate: rate)
        let interruption = await Interruption.listening()
        let progress = try await ProcessFailure.convertingBrokerErrors {
            try await DirectPublishing.toQueue(to, settings.broker) { publisher in
                try await announcement.run(
                    to: publisher, after: after.flatMap(UUID.init(uuidString:)), joinedFrom: since,
                    isInterrupted: { interruption.isRequested }, reason: { $0.reason(publisher.status) ?? "" }
                )
            }
        }
        switch progress.ending {
        case .complete: break
        case .interrupted: throw failure("interrupted", .failed, progress)
        case .failed(let reason, let code): throw failure(reason, code, progress)
        }
        printLine(
            json
                ? try Result(queue: to, announced: progress.announced).jsonText()
                : "\(progress.announced) users announced to \(to)")
        if progress.skipped > 0 {
            throw ProcessFailure(
                .failed, "\(progress.skipped) users were skipped: their signals cannot be encoded")
        }
    }

    private func failure(
        _ reason: String, _ code: ProcessFailure.Code, _ progress: UserAnnouncement.Progress
    ) -> ProcessFailure {
        let next = progress.last.map { "--after \($0.wireText)" } ?? "the same options"
        return ProcessFailure(
            code,
            "\(progress.announced) users announced to \(to), then: \(reason); run the command again with \(next)"
        )
    }

    private struct Result: Encodable {
        var queue: String
        var announced: Int
    }
}
