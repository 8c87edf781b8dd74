// SPDX-License-Identifier: Apache-2.0
import AuthPostgres
import AuthStore
import Testing

@testable import AuthPostgresStore

/// What `auth-signals check` reports about a server.
@Suite struct ServerReportTests {
    private let safe = PostgresServerReport(
        version: "15.18", versionNumber: 150_018, encoding: "UTF8", isReadOnly: false, tls: "TLSv1.3",
        schema: "public", canCreateTables: true, waitsForStandby: false, synchronousCommit: "on",
        synchronizes: true, standbys: 0, connectionLimit: 97)

    private func changed(_ change: (inout PostgresServerReport) -> Void) -> PostgresServerReport {
        var report = safe
        change(&report)
        return report
    }

    @Test func `a server without a standby has no warnings`() throws {
        #expect(safe.warnings(connections: 12).isEmpty)
        try safe.check()
    }

    @Test func `warns of a standby that commits do not wait for`() {
        let asynchronous = changed { $0.standbys = 1 }
        #expect(
            asynchronous.warnings(connections: 12).map { $0.contains("synchronous_standby_names") } == [true])
        let synchronous = changed { report in
            report.standbys = 2
            report.waitsForStandby = true
        }
        #expect(synchronous.warnings(connections: 12).isEmpty)
        let local = changed { report in
            report.standbys = 1
            report.waitsForStandby = true
            report.synchronousCommit = "local"
        }
        #expect(local.warnings(connections: 12).count == 1)
    }

    @Test func `warns of commits that a crash can lose`() {
        #expect(changed { $0.synchronousCommit = "off" }.warnings(connections: 12).count == 1)
        #expect(changed { $0.synchronizes = false }.warnings(connections: 12).count == 1)
    }

    @Test func `warns of fewer connections than one process opens`() {
        #expect(safe.warnings(connections: 97).isEmpty)
        let warnings = safe.warnings(connections: 98)
        #expect(warnings.map { $0.contains("97") && $0.contains("STORE_CONNECTIONS") } == [true])
    }

    @Test func `a database that cannot hold a store is an error`() {
        for (report, code) in [
            (changed { $0.versionNumber = 130_014 }, StoreError.Code.unsuitable),
            (changed { $0.encoding = "SQL_ASCII" }, .unsuitable), (changed { $0.schema = nil }, .unsuitable),
            (changed { $0.isReadOnly = true }, .unreachable),
        ] {
            #expect(throws: StoreError.self) { try report.check() }
            do { try report.check() } catch { #expect(error.code == code) }
        }
    }

    @Test func `reads the report of a server`() async throws {
        let test = try await TestStore.make()
        let report = try await PostgresServerReport(from: test.pool)
        #expect(report.versionNumber >= 140_000)
        #expect(report.encoding == "UTF8")
        #expect(!report.isReadOnly)
        #expect(report.tls == nil)
        #expect(report.schema != nil)
        #expect(report.canCreateTables)
        #expect(report.standbys == 0)
        #expect(report.connectionLimit > 0)
        #expect(report.database == "auth")
        try report.check()
        try report.checkIsSame(as: try await PostgresServerReport(from: test.pool))
    }

    @Test func `leases belong to the server, the database and the tables of the store`() throws {
        let store = changed { report in
            (report.started, report.database, report.outbox) = ("1795732259.062713", "auth", 16386)
        }
        let others: [(String, (inout PostgresServerReport) -> Void)] = [
            ("server", { $0.started = "1795732259.062714" }), ("database", { $0.database = "other" }),
            ("schema", { $0.outbox = 16387 }), ("schema", { $0.outbox = nil }),
        ]
        for (name, change) in others {
            var lease = store
            change(&lease)
            do {
                try lease.checkIsSame(as: store)
                Issue.record("another \(name) is accepted")
            } catch {
                #expect(error.code == .unsuitable)
                #expect(error.message.contains(name))
            }
        }
        // Another first schema, and the same tables.
        var lease = store
        lease.schema = "other"
        try lease.checkIsSame(as: store)
        // Before the tables exist, the schemas are compared.
        #expect(throws: StoreError.self) { try changed { $0.schema = "other" }.checkIsSame(as: safe) }
        try safe.checkIsSame(as: safe)
    }
}
