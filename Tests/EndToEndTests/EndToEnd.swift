// SPDX-License-Identifier: Apache-2.0
import BrokerSupport
import ProgramSupport
import Testing

/// Tests of the built executables with a RabbitMQ node. They run serially, because each test starts its own
/// processes.
///
/// The installations use SQLite, or PostgreSQL if `AUTH_TEST_STORE=postgres`.
@Suite(
    "End to end", .serialized, .timeLimit(.minutes(6)), .storeServer,
    .enabled(if: PrivateBroker.isAvailable, "\(PrivateBroker.absence)"))
enum EndToEnd {}
