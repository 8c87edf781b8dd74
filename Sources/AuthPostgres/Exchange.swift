// SPDX-License-Identifier: Apache-2.0
import CPostgres

/// One statement of a round trip.
struct Step {
    var statement: PostgresStatement
    var values: [PostgresValue] = []
    /// Called with the number of changed rows.
    var check: ((Int) throws -> Void)?
    /// Whether the server is asked to send the answers so far at once.
    var isFlushed = false
}

/// What came of a round trip.
struct Exchange {
    /// The results of the statements that succeeded: all of them, or those before the failed one.
    var rows: [PostgresRows] = []
    /// The first error. Its statement's position is the number of `rows`.
    var failure: PostgresError?
    /// Whether the server's answer ended as it should. Otherwise the connection was lost, and what happened to the
    /// statements behind `rows` is not known, unless `failure` came from the server.
    var isComplete = false
}

extension ConnectionHandle {
    /// Sends statements in one pipeline and waits for all answers.
    ///
    /// - Parameters:
    ///   - encoded: The parameters of each step.
    ///   - timeout: Until the next answer.
    func exchange(
        _ steps: [Step], _ encoded: [EncodedValues], _ cache: inout StatementCache, timeout: Duration
    ) -> Exchange {
        var exchange = Exchange()
        // What was sent for each step; a new entry stands for two messages.
        var new: [StatementCache.Entry?] = []
        // A statement that occurs twice in one pipeline is prepared by its first occurrence.
        var ahead = cache
        var status = CPGStatus.ok
        for (step, values) in zip(steps, encoded) where status == .ok {
            var entry: StatementCache.Entry?
            switch ahead.use(step.statement, values.types) {
            case .prepared(let name):
                status = values.withPointer { cpg_execute(pointer, name, $0, $1) }
            case .new(let made):
                entry = made
                status = made.withPointer { cpg_prepare(pointer, made.name, step.statement.sql, $0, $1) }
                if status == .ok { status = values.withPointer { cpg_execute(pointer, made.name, $0, $1) } }
                ahead.add(made, for: step.statement)
            case .unnamed:
                status = values.withPointer { cpg_query(pointer, step.statement.sql, $0, $1) }
            }
            new.append(entry)
            if step.isFlushed, status == .ok { status = cpg_request_flush(pointer) }
        }
        // Names are not used twice, even if their preparation fails.
        cache.skipNames(of: ahead)
        if status == .ok { status = cpg_sync(pointer) }
        guard status == .ok else {
            exchange.failure = .lost
            return exchange
        }
        for (step, entry) in zip(steps, new) {
            if let entry {
                guard receive(timeout, into: &exchange, isStatement: false) else { return exchange }
                if exchange.failure == nil { cache.add(entry, for: step.statement) }
            }
            guard receive(timeout, into: &exchange, isStatement: true) else { return exchange }
        }
        var answer = CPGAnswer(kind: .skipped, result: nil)
        while cpg_next(pointer, timeout.wholeMilliseconds, &answer) == .ok {
            if let result = answer.result { cpg_result_free(result) }
            if answer.kind == .sync {
                exchange.isComplete = true
                return exchange
            }
        }
        if exchange.failure == nil { exchange.failure = .lost }
        return exchange
    }

    /// Receives one answer.
    ///
    /// - Returns: Whether the connection still works.
    private func receive(_ timeout: Duration, into exchange: inout Exchange, isStatement: Bool) -> Bool {
        var answer = CPGAnswer(kind: .skipped, result: nil)
        let status = cpg_next(pointer, timeout.wholeMilliseconds, &answer)
        guard status == .ok else {
            if exchange.failure == nil {
                exchange.failure = status == .timedOut ? PostgresError(status, loginState: "") : .lost
            }
            return false
        }
        guard let result = answer.result else { return true }
        if answer.kind == .error {
            if exchange.failure == nil { exchange.failure = PostgresError(result) }
            cpg_result_free(result)
        } else if isStatement, exchange.failure == nil {
            exchange.rows.append(PostgresRows(ResultHandle(result)))
        } else {
            cpg_result_free(result)
        }
        return true
    }
}

extension StatementCache.Entry {
    /// The types as parameters without values.
    fileprivate func withPointer<R>(_ body: (UnsafePointer<CPGValue>?, Int) -> R) -> R {
        types.map { CPGValue(bytes: CPGBytes(pointer: nil, count: 0), type: $0) }
            .withUnsafeBufferPointer { body($0.baseAddress, $0.count) }
    }
}
