// SPDX-License-Identifier: Apache-2.0

/// The request that the broker refused. It is needed because RabbitMQ 3 does not report which of the three permissions
/// is missing.
enum RefusedRequest {
    case declareExchange
    case declareQueue(deadLetters: Bool)
    case bind
    case delete
    case consume
    /// A method that was sent while the loop runs: `basic.publish` or `basic.get`.
    case none

    /// The permissions that the request needs on an object of that kind.
    fileprivate func rights(on kind: String) -> [MissingPermission.Right] {
        let isQueue = kind == "queue"
        return switch self {
        case .declareExchange, .delete: [.configure]
        // Dead-lettering needs read permission on the queue and write permission on the exchange.
        case .declareQueue(let deadLetters):
            isQueue ? (deadLetters ? [.configure, .read] : [.configure]) : [.write]
        case .bind: isQueue ? [.write] : [.read]
        case .consume: [.read]
        case .none: isQueue ? [.read] : [.write]
        }
    }
}

extension BrokerError {
    /// The broker refused a request of an authenticated user (403), or access to a virtual host (530).
    ///
    /// - Parameters:
    ///   - text: The broker's reply text.
    ///   - request: The request that was refused.
    static func accessRefused(_ text: String, replyCode: Int, _ request: RefusedRequest) -> BrokerError {
        guard let missing = MissingPermission(text, request) else {
            let hint = replyCode == 530 ? hint(forVirtualHostIn: text) : ""
            return BrokerError(.accessRefused, text + hint, replyCode: replyCode)
        }
        return BrokerError(
            .accessRefused,
            "\(text). The user \(missing.user) needs \(missing.summary): \(missing.grantCommand)",
            replyCode: replyCode, missing: missing)
    }

    /// The broker refused the log-in: unknown user or wrong password.
    static func loginRefused(_ text: String, user: String) -> BrokerError {
        let user = user.shellWord
        return BrokerError(
            .accessRefused,
            "\(text) Check the user and password in the broker's URL: rabbitmqctl authenticate_user \(user) tests "
                + "them, rabbitmqctl change_password \(user) sets a new password, and rabbitmqctl add_user \(user) "
                + "adds the user if rabbitmqctl list_users does not show it",
            replyCode: 403)
    }

    private static func hint(forVirtualHostIn text: String) -> String {
        if let match = text.firstMatch(of: #/vhost (.+) not found/#) {
            return ". Check the virtual host in the broker's URL, or create it: rabbitmqctl add_vhost "
                + String(match.1).shellWord
        }
        return ". Check the virtual host in the broker's URL"
    }
}

extension MissingPermission {
    /// Parses the broker's reply text; nil if it is about something else, such as a reserved name.
    fileprivate init?(_ text: String, _ request: RefusedRequest) {
        if let match = text.firstMatch(
            of:
                #/(?:(configure|write|read) )?access to (queue|exchange) '(.*)' in vhost '(.*)' refused for user '(.*)'/#
        ) {
            let kind = String(match.2)
            let named = match.1.flatMap { Right(rawValue: String($0)) }.map { [$0] }
            self.init(
                user: String(match.5), virtualHost: String(match.4),
                rights: named ?? request.rights(on: kind),
                kind: kind, name: String(match.3))
        } else if let match = text.firstMatch(
            of:
                #/(?:(write|read) )?access to topic '(.*)' in exchange '(.*)' in vhost '(.*)' refused for user '(.*)'/#
        ) {
            let named = match.1.flatMap { Right(rawValue: String($0)) }
            let isBind = if case .bind = request { true } else { false }
            self.init(
                user: String(match.5), virtualHost: String(match.4),
                rights: [named ?? (isBind ? .read : .write)],
                kind: "routing key", name: String(match.2), exchange: String(match.3))
        } else if let match = text.firstMatch(of: #/access to vhost '(.*)' refused for user '(.*)'/#) {
            self.init(
                user: String(match.2), virtualHost: String(match.1), rights: [], kind: "virtual host",
                name: String(match.1))
        } else {
            return nil
        }
    }
}
