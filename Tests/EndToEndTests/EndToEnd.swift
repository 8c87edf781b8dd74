// SPDX-License-Identifier: Apache-2.0
import BrokerSupport
import Testing

/// Tests of the built executables with a RabbitMQ node. They run serially, because each test starts its own
/// processes.
@Suite("End to end", .serialized, .enabled(if: PrivateBroker.isAvailable, "\(PrivateBroker.absence)"))
enum EndToEnd {}
