// SPDX-License-Identifier: Apache-2.0
import AuthServer
import AuthSignals
import AuthStore
import Foundation
import Hummingbird
import Logging

extension DashboardRoutes {
    func addSignals() {
        let dashboard = dashboard
        get("signals") { request, _ in
            let query = SignalList.Query { request.uri.queryParameters[$0[...]].map(String.init) }
            return try .dashboard(try await SignalList.read(query, from: dashboard.subject.store))
        }
        get("signals/:id") { request, context in
            let record = try await dashboard.record(
                context.parameters.get("id"), number: request.sequence)
            return try .dashboard(SignalDetail(record, codec: dashboard.subject.store.codec))
        }
        action("signals/:id/republish") { request, context in
            let record = try await dashboard.record(
                context.parameters.get("id"), number: request.sequence)
            let filter = OutboxFilter(
                Set(OutboxRecord.State.allCases), ids: [record.row.draft.id],
                sequence: record.row.sequence)
            await dashboard.feed.follow(SignalItem(record))
            guard try await dashboard.subject.store.republish(filter) > 0 else {
                throw DashboardError(.failed, "the signal is pending already")
            }
            dashboard.logger.notice(
                "signal republished from the dashboard", metadata: ["id": "\(record.row.draft.id.wireText)"])
            return "The signal will be published again."
        }
    }
}

extension Request {
    /// The parameter `sequence` of the query: a signal's number.
    fileprivate var sequence: Int64? { uri.queryParameters["sequence"].flatMap { Int64($0) } }
}

extension Dashboard {
    /// A signal by its id.
    ///
    /// - Parameter number: its sequence number, if the caller knows it: the history has no index by id, so without the
    ///   number it is searched.
    fileprivate func record(_ id: String?, number: Int64?) async throws -> OutboxRecord {
        guard let id = id.flatMap(UUID.init(uuidString:)) else {
            throw DashboardError(.invalidValue, "the id is not a UUID")
        }
        if let number {
            let records = try await subject.store.outboxRecords(numbered: [number])
            guard let record = records.first(where: { $0.row.draft.id == id }) else {
                throw DashboardError(.notFound, "no signal with that id and number is stored")
            }
            return record
        }
        let filter = OutboxFilter(Set(OutboxRecord.State.allCases), ids: [id])
        guard let record = try await subject.store.outboxRecords(filter, after: 0, limit: 1).first else {
            throw DashboardError(.notFound, "no signal with that id is stored")
        }
        return record
    }
}
