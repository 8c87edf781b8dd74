// SPDX-License-Identifier: Apache-2.0
import CRabbitMQ

extension BrokerError {
    /// Makes an error of what the C face says.
    ///
    /// - Parameters:
    ///   - replyCode: AMQP's, 0 for none.
    ///   - text: the broker's words, or the C face's.
    ///   - name: the exchange or queue that the call was about.
    ///   - request: what the call asked for.
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
            self.init(.stopped, "it was stopped")
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
            self.init(.notFound, "the \(name) is missing: \(text)", replyCode: 404)
        case (404, nil):
            self.init(.notFound, text, replyCode: 404)
        case (406, let name?):
            self.init(
                .topologyMismatch,
                "the \(name) exists with other arguments than it must have. Use another name, or, once nothing "
                    + "in it is needed any more, delete it and start again. The broker says: \(text)",
                replyCode: 406)
        case (320, _):
            self.init(.connectionLost, text, replyCode: 320)
        default:
            self.init(.refusedByBroker, text, replyCode: replyCode)
        }
    }
}
