// SPDX-License-Identifier: Apache-2.0
import PostgresSupport
import Testing

extension Trait where Self == ConditionTrait {
    /// The suite is skipped without PostgreSQL.
    static var needsPostgres: Self {
        .enabled(if: PrivatePostgres.isAvailable, Comment(rawValue: PrivatePostgres.absence))
    }
}
