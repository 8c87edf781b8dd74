// SPDX-License-Identifier: Apache-2.0
import CRabbitMQ

extension BrokerError {
    /// Creates an error from a status of CRabbitMQ.
    ///
    /// - Parameters:
    ///   - replyCode: AMQP's reply code; 0 if the broker sent none.
    ///   - text: The broker's reply text, or CRabbitMQ's error text.
    ///   - name: The exchange or queue of the failed call.
    ///   - request: The request that the call made.
    init(
        status: CRMQStatus, replyCode: Int, text: String, name: String?, _ request: RefusedRequest = .none
    ) {
        switch status {
        case .nameUnresolved, .refused, .timedOut:
            self.init(.unreachable, text)
        case .tlsFile, .tlsHandshake, .tlsUntrusted, .tlsWrongName:
            self.init(.tls, text)
        case .channelClosed, .connectionClosed:
            self.init(replyCode: replyCode, text: text, name: name, request)
        case .invalid:
            self.init(.invalidValue, text)
        case .interrupted:
            self.init(.stopped, "the operation was stopped")
        case .protocolError:
            self.init(.protocolError, text)
        default:
            self.init(.connectionLost, text)
        }
    }

    private init(replyCode: Int, text: String, name: String?, _ request: RefusedRequest) {
        switch (replyCode, name) {
        case (403, _), (530, _):
            self = .accessRefused(text, replyCode: replyCode, request)
        case (404, let name?):
            self.init(.notFound, "\(name) does not exist: \(text)", replyCode: 404)
        case (404, nil):
            self.init(.notFound, text, replyCode: 404)
        case (406, let name?):
            self.init(
                .topologyMismatch,
                "\(name) exists with different arguments than required. Use another name or, once its messages are "
                    + "no longer needed, delete it and restart. The broker replied: \(text)",
                replyCode: 406)
        case (320, _):
            self.init(.connectionLost, text, replyCode: 320)
        default:
            self.init(.refusedByBroker, text, replyCode: replyCode)
        }
    }
}
