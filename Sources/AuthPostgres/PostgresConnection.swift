// SPDX-License-Identifier: Apache-2.0

/// A connection to the server, used by one thread: its own.
///
/// Statements that nothing depends on yet are put off with ``later(_:_:checking:)`` and sent with the next ``query(_:_:)``
/// or with COMMIT, in one round trip (libpq's pipeline mode).
public final class PostgresConnection {
    /// The number of statements that were sent, BEGIN and COMMIT included; for tests that pin them.
    public private(set) var statements = 0
    /// The number of times that an answer was waited for; for tests that pin them.
    public private(set) var roundTrips = 0

    /// Whether the connection was lost or must be closed; nothing can be sent any more.
    package private(set) var isBroken = false

    /// Identifies the server's life; nil if it did not say.
    private(set) var serverLife: String?

    private let handle: ConnectionHandle
    private var cache: StatementCache
    private var answerTimeout: Duration
    private var pending: [Step] = []
    /// What is sent at the end of the transaction, behind everything else.
    private var atCommit: [Step] = []
    private var transaction: Transaction?
    /// The work that uses the connection now, which may be cancelled.
    var job: Job?
    var observer: (@Sendable (PostgresStatement) -> Void)?

    private struct Transaction {
        var begin: PostgresStatement
        var isReadOnly: Bool
        /// Whether the server has begun it.
        var isBegun = false
        /// The transaction's id, by which the outcome of COMMIT can be asked for.
        var id: Int64?
        var savepoints = 0
        /// What ended it; every later statement throws the same.
        var failure: (any Error)?
    }

    init(_ handle: ConnectionHandle, url: PostgresURL, timeouts: PostgresTimeouts) {
        self.handle = handle
        cache = StatementCache(isEnabled: url.isPrepared)
        answerTimeout = timeouts.answer
    }

    /// Whether a transaction runs.
    public var isInTransaction: Bool { transaction != nil }

    // MARK: Statements

    /// Sends a statement, after those that were put off, and waits for its rows.
    ///
    /// Outside of a transaction, all statements of one round trip are one transaction.
    ///
    /// - Throws: ``PostgresError``, `CancellationError` if the task was cancelled, or the error of a check that was
    ///   given with a statement put off before. In a transaction, every later statement throws the same error until the
    ///   transaction or the savepoint ends.
    @discardableResult
    public func query(_ statement: PostgresStatement, _ values: [PostgresValue] = []) throws -> PostgresRows {
        guard let rows = try send(Step(statement: statement, values: values)) else {
            throw PostgresError.lost
        }
        return rows
    }

    /// Puts a statement off until the next query or COMMIT; its error is thrown there.
    ///
    /// - Parameters:
    ///   - statement: The statement.
    ///   - values: The values of its parameters, in their order.
    ///   - check: Called with the number of changed rows when the answer arrives; what it throws ends the transaction
    ///     like an error of the server. COMMIT then needs a round trip of its own.
    public func later(
        _ statement: PostgresStatement, _ values: [PostgresValue] = [],
        checking check: ((_ affected: Int) throws -> Void)? = nil
    ) {
        pending.append(Step(statement: statement, values: values, check: check))
    }

    /// Puts a statement off until the transaction's COMMIT, behind everything else; a savepoint that is undone takes it
    /// back.
    package func last(_ statement: PostgresStatement, _ values: [PostgresValue] = []) {
        atCommit.append(Step(statement: statement, values: values))
    }

    /// Sends also what waits for COMMIT, so that a test can look at a transaction that stays open.
    package func flushLast() throws {
        pending += atCommit
        atCommit = []
        try flush()
    }

    /// Sends what was put off and waits for the answers; does nothing if nothing was.
    public func flush() throws {
        if pending.isEmpty {
            if let failure = transaction?.failure { throw failure }
        } else {
            try send(nil)
        }
    }

    /// Sends what was put off and one statement more.
    ///
    /// - Returns: The rows of the last statement.
    @discardableResult
    private func send(_ last: Step?) throws -> PostgresRows? {
        if let failure = transaction?.failure { throw failure }
        do {
            try job?.checkCancellation()
            let preamble = preamble()
            let steps = preamble + pending + (last.map { [$0] } ?? [])
            pending = []
            let exchange = try exchange(steps)
            took(preamble, exchange)
            if let failure = exchange.failure { throw failure }
            for (step, rows) in zip(steps, exchange.rows) { try step.check?(rows.affected) }
            return exchange.rows.last
        } catch {
            pending = []
            transaction?.failure = error
            throw error
        }
    }

    /// What begins the transaction, if the server has not begun it.
    private func preamble() -> [Step] {
        guard let transaction, !transaction.isBegun else { return [] }
        return [Step(statement: transaction.begin)]
            + (transaction.isReadOnly ? [] : [Step(statement: .transactionID)])
    }

    /// Takes the results of ``preamble()``.
    private func took(_ preamble: [Step], _ exchange: Exchange) {
        guard !preamble.isEmpty, !exchange.rows.isEmpty else { return }
        transaction?.isBegun = true
        if preamble.count > 1, exchange.rows.count > 1 {
            transaction?.id = try? exchange.rows[1].first?.optionalInt(0)
        }
    }

    private func exchange(_ steps: [Step]) throws(PostgresError) -> Exchange {
        if isBroken { throw PostgresError.lost }
        var encoded: [EncodedValues] = []
        encoded.reserveCapacity(steps.count)
        for step in steps { encoded.append(try EncodedValues(step.values)) }
        statements += steps.count
        if let observer { for step in steps { observer(step.statement) } }
        roundTrips += 1
        var exchange = handle.exchange(steps, encoded, &cache, timeout: answerTimeout)
        if exchange.failure?.state == "25006", transaction?.isReadOnly == true {
            // Not a primary that became a standby.
            exchange.failure = PostgresError(
                .rejected, "a transaction that only reads cannot write (25006)", state: "25006")
        }
        if !exchange.isComplete || exchange.failure?.endsConnection == true { isBroken = true }
        return exchange
    }

    // MARK: Transactions

    /// Begins a transaction; BEGIN is sent with its first statement.
    func begin(isolation: PostgresIsolation, isReadOnly: Bool) {
        transaction = Transaction(begin: .begin(isolation, isReadOnly: isReadOnly), isReadOnly: isReadOnly)
        job?.beginTransaction()
    }

    /// What is known after COMMIT.
    enum CommitOutcome {
        case committed
        /// The answer was lost.
        ///
        /// - Parameter mark: nil if the transaction's id is not known.
        case unknown(TransactionMark?)
    }

    /// Sends what was put off with COMMIT.
    ///
    /// - Throws: As ``query(_:_:)``; the transaction was not committed, and must be ended by ``rollback()``.
    func commit() throws -> CommitOutcome {
        if let failure = transaction?.failure { throw failure }
        pending += atCommit
        atCommit = []
        // A check must be made before COMMIT.
        if pending.contains(where: { $0.check != nil }) { try flush() }
        guard let begun = transaction, begun.isBegun || !pending.isEmpty else {
            transaction = nil
            return .committed
        }
        // From here on, nothing cancels what the server does.
        try job?.beginCommit()
        let preamble = preamble()
        var steps = preamble + pending
        // The transaction's id should arrive before COMMIT takes effect.
        if !preamble.isEmpty, !steps.isEmpty { steps[steps.count - 1].isFlushed = true }
        steps.append(Step(statement: .commit))
        pending = []
        let exchange: Exchange
        do {
            exchange = try self.exchange(steps)
        } catch {
            transaction?.failure = error
            throw error
        }
        took(preamble, exchange)
        let position = steps.count - 1
        if exchange.rows.count > position {
            transaction = nil
            // The server answers ROLLBACK to the COMMIT of a failed transaction.
            guard exchange.rows[position].command == "COMMIT" else {
                throw PostgresError(.rejected, "the transaction had failed and was rolled back")
            }
            return .committed
        }
        let failure = exchange.failure ?? .lost
        if failure.state != nil, exchange.isComplete || exchange.rows.count < position {
            // The error of a write, or of COMMIT itself.
            transaction?.failure = failure
            throw failure
        }
        let mark = transaction?.id.map { TransactionMark(id: $0, serverLife: serverLife) }
        transaction = nil
        return begun.isReadOnly ? .committed : .unknown(mark)
    }

    /// Ends the transaction without its changes. A connection on which that fails is broken.
    func rollback() {
        (pending, atCommit) = ([], [])
        // A late cancellation would hit ROLLBACK.
        if job?.endCancellation() == false { isBroken = true }
        guard let ended = transaction else { return }
        transaction = nil
        guard ended.isBegun, !isBroken else { return }
        let timeout = answerTimeout
        answerTimeout = min(timeout, .seconds(5))
        defer { answerTimeout = timeout }
        let exchange = try? exchange([Step(statement: .rollback)])
        if exchange?.failure != nil || exchange?.isComplete != true { isBroken = true }
    }

    /// Runs `body` in a savepoint of the running transaction: if it throws, what it changed is undone, and the
    /// transaction can go on.
    ///
    /// - Throws: What `body` throws; ``PostgresError`` with code ``PostgresError/Code/rejected`` outside of a
    ///   transaction.
    public func savepoint<R>(_ body: () throws -> R) throws -> R {
        guard transaction != nil else {
            throw PostgresError(.rejected, "a savepoint needs a transaction")
        }
        transaction?.savepoints += 1
        let name = "sp\(transaction?.savepoints ?? 0)"
        let before = atCommit.count
        try query(PostgresStatement("SAVEPOINT \(name)"))
        do {
            let result = try body()
            try query(PostgresStatement("RELEASE SAVEPOINT \(name)"))
            return result
        } catch {
            pending = []
            atCommit.removeSubrange(min(before, atCommit.count)...)
            guard !isBroken, !(error is CancellationError) else { throw error }
            transaction?.failure = nil
            later(PostgresStatement("ROLLBACK TO SAVEPOINT \(name)"))
            try query(PostgresStatement("RELEASE SAVEPOINT \(name)"))
            throw error
        }
    }

    /// Runs `body` with another limit for locks, statements and answers than the connection's, such as a migration's.
    ///
    /// In a transaction the server's limits stay until the transaction ends.
    ///
    /// - Parameters:
    ///   - timeout: 1 ms or more.
    ///   - body: What runs with that limit.
    public func withTimeout<R>(_ timeout: Duration, _ body: () throws -> R) throws -> R {
        let milliseconds = String(min(max(timeout.wholeMilliseconds, 1), Int64(Int32.max)))
        later(.setTimeouts, [.text(milliseconds), .text(milliseconds), .bool(isInTransaction)])
        let before = answerTimeout
        answerTimeout = timeout + .seconds(5)
        defer { answerTimeout = before }
        let wasInTransaction = isInTransaction
        do {
            let result = try body()
            if !wasInTransaction { later(.setTimeouts, [.text("30s"), .text("5s"), .bool(false)]) }
            try flush()
            return result
        } catch {
            if !wasInTransaction, !isBroken {
                pending = [Step(statement: .setTimeouts, values: [.text("30s"), .text("5s"), .bool(false)])]
                do { try flush() } catch { isBroken = true }
            }
            throw error
        }
    }

    // MARK: For the thread

    /// Ends what the last work has left, so that the next one finds a clean connection.
    func finishWork() {
        rollback()
        job = nil
    }

    /// Asks for ``serverLife``, on a new connection. The counters are not changed.
    ///
    /// - Throws: ``PostgresError`` if the connection was lost.
    func identifyServer() throws(PostgresError) {
        serverLife = try? query(.serverLife).first?.optionalText(0)
        (statements, roundTrips) = (0, 0)
        if isBroken { throw PostgresError.lost }
    }

    /// Asks the server for an answer.
    ///
    /// - Throws: ``PostgresError`` if none comes in time; the connection is broken then.
    func ping(timeout: Duration) throws {
        let before = answerTimeout
        answerTimeout = timeout
        defer { answerTimeout = before }
        try query(.ping)
    }
}

/// By what the server can be asked for the outcome of a transaction.
struct TransactionMark: Hashable, Sendable {
    /// The transaction's id. It is durable only if the transaction is: after a crash, or on a promoted standby, another
    /// transaction can get the id of one that was lost.
    var id: Int64
    /// ``PostgresConnection/serverLife`` of the transaction's connection.
    var serverLife: String?
}

extension PostgresStatement {
    static let transactionID: PostgresStatement = "SELECT pg_current_xact_id()"
    static let commit: PostgresStatement = "COMMIT"
    static let rollback: PostgresStatement = "ROLLBACK"
    static let ping: PostgresStatement = "SELECT 1"
    static let transactionStatus: PostgresStatement = "SELECT pg_xact_status($1::bigint::text::xid8)"
    // A server that is started, or that recovers from a crash of one of its processes, has another one of these times.
    static let serverLife: PostgresStatement = """
        SELECT extract(epoch FROM pg_postmaster_start_time())::text || ' '
            || coalesce(extract(epoch FROM pg_stat_get_bgwriter_stat_reset_time())::text, '')
        """
    static let setTimeouts: PostgresStatement =
        "SELECT set_config('statement_timeout', $1, $3), set_config('lock_timeout', $2, $3)"

    static func begin(_ isolation: PostgresIsolation, isReadOnly: Bool) -> PostgresStatement {
        let level =
            switch isolation {
            case .readCommitted: "READ COMMITTED"
            case .repeatableRead: "REPEATABLE READ"
            case .serializable: "SERIALIZABLE"
            }
        return PostgresStatement("BEGIN ISOLATION LEVEL \(level) \(isReadOnly ? "READ ONLY" : "READ WRITE")")
    }
}
