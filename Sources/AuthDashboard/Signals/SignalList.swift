// SPDX-License-Identifier: Apache-2.0
import AuthStore
import AuthSignals
import Foundation

/// A page of the list of signals, newest first.
struct SignalList: Encodable {
    var signals: [SignalItem] = []
    /// Whether older signals may match.
    var more = false

    /// The conditions of the list, from the query of the request.
    struct Query: Sendable {
        var before = Int64.max
        var limit = 50
        var state: SignalItem.State?
        /// A part of the name, in lower case.
        var name: String?
        /// The user's id.
        var subject: String?

        /// - Parameter values: the first value of each parameter; nil if it is absent.
        init(_ value: (String) -> String?) {
            before = value("before").flatMap(Int64.init) ?? .max
            limit = min(max(1, value("limit").flatMap(Int.init) ?? 50), 200)
            state = value("state").flatMap(SignalItem.State.init(rawValue:))
            name = value("name").flatMap { $0.isEmpty ? nil : $0.lowercased() }
            subject = value("subject").flatMap { $0.isEmpty ? nil : $0.lowercased() }
        }

        fileprivate var states: Set<OutboxRecord.State> {
            switch state {
            case nil: Set(OutboxRecord.State.allCases)
            case .pending, .deferred: [.pending]
            case .confirmed: [.confirmed]
            case .unrouted: [.unrouted]
            case .parked: [.parked]
            }
        }

        fileprivate func matches(_ item: SignalItem) -> Bool {
            (state == nil || item.state == state) && (name.map { item.name.contains($0) } ?? true)
                && (subject.map { item.subject?.hasPrefix($0) ?? false } ?? true)
        }
    }

    /// How many pages are read at most for one list, since a filter by name has no index.
    private static let mostPages = 10

    /// Reads from the store by index; the cost does not grow with the outbox.
    static func read(_ query: Query, from store: any OperatedStore) async throws -> SignalList {
        var list = SignalList()
        var before = query.before
        for _ in 0..<mostPages {
            let records = try await store.newestOutboxRecords(query.states, before: before, limit: 200)
            for record in records {
                let item = SignalItem(record)
                guard query.matches(item) else { continue }
                if list.signals.count == query.limit {
                    list.more = true
                    return list
                }
                list.signals.append(item)
            }
            guard records.count == 200, let last = records.last else { return list }
            before = last.row.sequence
        }
        return list
    }
}
