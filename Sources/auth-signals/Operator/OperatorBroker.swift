// SPDX-License-Identifier: Apache-2.0
import AuthBroker
import AuthServiceKit
import AuthSignals
import Foundation

/// The broker's settings, for commands that use only the broker.
enum OperatorBroker {
    /// Reads `BROKER_URL` and `BROKER_EXCHANGE`.
    static func broker() throws -> BrokerSettings { try settings().broker }

    /// Reads `BROKER_URL`, `BROKER_EXCHANGE` and `BROKER_MANAGEMENT_URL`.
    static func settings() throws -> (broker: BrokerSettings, management: ManagementAPI?) {
        var reader = ProcessEnvironment.settings()
        var broker = BrokerSettings(reading: &reader)
        broker.connectionName = "auth-signals operator"
        let management = ManagementAPI(reading: &reader, broker.urls[0])
        try reader.check()
        return (broker, management)
    }
}

extension ProcessFailure {
    /// The failure of a command for a broker error.
    init(_ error: BrokerError) {
        switch error.code {
        case .unreachable, .tls, .connectionLost, .protocolError, .unconfirmed:
            self.init(.unreachable, "the broker: \(error.message)")
        case .invalidURL, .invalidValue: self.init(.usage, error.message)
        default: self.init(.failed, error.message)
        }
    }

    /// Runs a body and converts a broker error to a one-line failure.
    static func convertingBrokerErrors<Answer>(_ body: () async throws -> Answer) async throws -> Answer {
        do { return try await body() } catch let error as BrokerError { throw ProcessFailure(error) }
    }
}
