// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthServiceKit
import AuthSignals
import AuthStore
import Foundation

/// Publishes a snapshot of each account of a store, page by page: the accounts need not fit into memory.
///
/// A few pages are in flight at a time. A page whose messages are not all confirmed ends it: the accounts up to the
/// first message that was not confirmed are announced, and a later run continues after them. Messages behind it may be
/// stored, too; they are published again with the same ids.
struct UserAnnouncement {
    let store: any OperatedStore
    let codec: SignalCodec
    /// The maximum number of messages per second; nil for as many as the broker confirms.
    let rate: Int?

    /// How far a run came.
    struct Progress {
        enum Ending {
            case complete, interrupted
            /// The store could not be read, or a message was not confirmed; with the reason.
            case failed(String, ProcessFailure.Code)
        }
        /// The number of accounts whose messages were confirmed, without a gap.
        var announced = 0
        /// The last one of them.
        var last: User.ID?
        /// The number of accounts that make a signal which cannot be encoded; the others are announced nevertheless.
        var skipped = 0
        var ending = Ending.complete
    }

    /// The number of accounts in a page without a rate.
    private static let pageSize = 500
    /// The number of pages in flight.
    private static let window = 4

    /// One run's request, which all its messages share.
    private let request = SignalRequest()

    init(store: any OperatedStore, codec: SignalCodec, rate: Int?) {
        self.store = store
        self.codec = codec
        self.rate = rate
    }

    /// Publishes the snapshots until all are confirmed, one is not, or the run is interrupted; then it waits for the
    /// messages in flight.
    ///
    /// - Parameters:
    ///   - id: the last account of a former run.
    ///   - joined: only accounts that joined at or after this time.
    ///   - reason: the reason of an outcome that is not `confirmed`.
    /// - Throws: the store's errors.
    func run(
        to publisher: some SignalPublisher, after id: User.ID?, joinedFrom joined: Date?,
        isInterrupted: () -> Bool, reason: (PublishOutcome) -> String
    ) async throws -> Progress {
        let start = ContinuousClock.now
        // A quarter of a second at a time, so that the rate is even.
        let pageSize = rate.map { min(Self.pageSize, max(1, $0 / 4)) } ?? Self.pageSize
        var progress = Progress(last: id)
        var inFlight: [Page] = []
        var (cursor, submitted, isComplete, lastReport) = (id, 0, false, start)
        reading: while !isComplete {
            if let rate {
                let due = start + .seconds(Double(submitted) / Double(rate))
                while ContinuousClock.now < due, !isInterrupted() {
                    try await Task.sleep(for: min(.milliseconds(100), ContinuousClock.now.duration(to: due)))
                }
            }
            if isInterrupted() {
                progress.ending = .interrupted
                break reading
            }
            let page: UserPage
            do {
                page = try await store.users(after: cursor, joinedFrom: joined, limit: pageSize)
            } catch let error as StoreError {
                progress.ending = .failed(error.message, .failed)
                break reading
            }
            if let last = page.users.last {
                cursor = last.user.id
                submitted += page.users.count
                var (users, messages): ([User.ID], [SignalMessage]) = ([], [])
                for record in page.users {
                    do {
                        messages.append(try message(for: record, page.sequence))
                        users.append(record.user.id)
                    } catch let error as SignalError {
                        progress.skipped += 1
                        printNote("\(record.user.subject) skipped: \(error.message)")
                    }
                }
                if !users.isEmpty {
                    inFlight.append(Page(users: users, receipt: publisher.submit(messages)))
                }
            } else {
                isComplete = true
            }
            while isComplete ? !inFlight.isEmpty : inFlight.count >= Self.window {
                guard await inFlight.removeFirst().isConfirmed(&progress, reason) else { return progress }
            }
            if ContinuousClock.now - lastReport >= .seconds(1) {
                lastReport = .now
                printNote("\(progress.announced) announced")
            }
        }
        for page in inFlight { guard await page.isConfirmed(&progress, reason) else { break } }
        return progress
    }

    /// A page in flight.
    private struct Page {
        var users: [User.ID]
        var receipt: PublishReceipt

        /// Waits for the outcomes and counts the accounts up to the first one that is not confirmed.
        func isConfirmed(_ progress: inout Progress, _ reason: (PublishOutcome) -> String) async -> Bool {
            for (user, outcome) in zip(users, await receipt.outcomes()) {
                guard outcome == .confirmed else {
                    var code = ProcessFailure.Code.failed
                    if case .unknown = outcome { code = .unreachable }
                    progress.ending = .failed(reason(outcome), code)
                    return false
                }
                progress.announced += 1
                progress.last = user
            }
            return true
        }
    }

    private func message(for record: UserRecord, _ sequence: Int64) throws -> SignalMessage {
        let signal = UserSnapshotTaken(
            request: request, user: record.snapshot, emailAddresses: record.emailAddresses.map(\.snapshot))
        let draft = try codec.draft(
            signal, at: Date(), id: Self.id(of: record.user.id, source: codec.source))
        return codec.message(for: OutboxRow(sequence: sequence, draft: draft))
    }

    /// The id of a user's snapshot: the same in every run.
    static func id(of user: User.ID, source: String) -> UUID {
        .version8(of: UserSnapshotTaken.name.rawValue, source, user.wireText)
    }
}
