// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import AuthPostgres

/// What the server's SQLSTATE means (PostgreSQL documentation, appendix A).
@Suite struct StateTests {
    @Test(arguments: [
        ("28P01", PostgresError.Code.refused), ("28000", .refused), ("3D000", .refused), ("42501", .refused),
        ("42P01", .refused), ("53100", .full), ("53200", .busy), ("53300", .busy), ("53400", .busy),
        ("55P03", .busy), ("57014", .busy), ("57P01", .unreachable), ("57P03", .unreachable),
        ("57P04", .unreachable), ("57P05", .unreachable), ("08006", .unreachable), ("58030", .inputOutput),
        ("58P01", .inputOutput), ("XX000", .damaged), ("XX001", .damaged), ("XX002", .damaged),
        ("40001", .serialization), ("23505", .conflict), ("23514", .rejected), ("22001", .rejected),
    ])
    func `every state has a code`(_ state: String, _ code: PostgresError.Code) {
        #expect(PostgresError.code(ofState: state) == code)
    }
}
