// SPDX-License-Identifier: Apache-2.0
import BrokerSupport
import Testing

/// What is tested with our executables, real and running, and a RabbitMQ node. One after the other: each test
/// starts processes of its own.
@Suite("End to end", .serialized, .enabled(if: PrivateBroker.isAvailable, "\(PrivateBroker.absence)"))
enum EndToEnd {}
