// SPDX-License-Identifier: Apache-2.0
package import AuthSignals
import CRabbitMQ
import Foundation

/// The only channel of a connection: a Swift interface to CRabbitMQ. Used by the connection's thread only.
///
/// A call that throws has ended the connection. A call that cannot write now returns ``Written/notNow``.
package final class Channel {
    /// The result of a write.
    package enum Written: Equatable {
        /// Written to the output buffer; with the delivery tag for its confirm.
        case written(tag: UInt64)
        /// Nothing was written: try again after the next step.
        case notNow
        /// Nothing was written, and retrying always fails: a value exceeds AMQP's limits.
        case never(String)
    }

    private let handle: ConnectionHandle
    private let arena = MessageArena()
    var connection: OpaquePointer { handle.pointer }

    package init(_ handle: ConnectionHandle) { self.handle = handle }

    // MARK: Life

    /// - Parameter receivesOnly: Whether nothing is published on the connection. Then frames that exceed the negotiated
    ///   size, which the broker sends, are accepted.
    func open(
        _ url: BrokerURL, as name: String, _ settings: BrokerSettings, receivesOnly: Bool = false
    ) throws(BrokerError) {
        let texts: [(CRMQTextOption, String)] = [
            (.user, url.user), (.password, url.password), (.virtualHost, url.virtualHost),
            (.connectionName, name), (.caFile, url.authoritiesFile ?? ""),
            (.certificateFile, url.certificateFile ?? ""), (.keyFile, url.keyFile ?? ""),
        ]
        for (option, text) in texts { try check(crmq_set_text(connection, option, text)) }
        let connectTimeout = url.connectTimeout ?? settings.connectTimeout.milliseconds
        let numbers: [(CRMQNumberOption, Int)] = [
            (.tls, url.isEncrypted ? 1 : 0),
            // AMQP negotiates whole seconds, and 0 would disable heartbeats.
            (
                .heartbeat,
                url.heartbeat ?? (min(settings.heartbeat.milliseconds, 65_535_000) + 999) / 1000
            ),
            (.connectTimeout, connectTimeout),
            (.answerTimeout, settings.answerTimeout.milliseconds),
            (.bodyLimit, settings.largestBody),
            (.receivesOnly, receivesOnly ? 1 : 0),
        ]
        for (option, number) in numbers { try check(crmq_set_number(connection, option, Int64(number))) }
        try check(crmq_set_number(connection, .addressSeed, settings.seed))
        guard let port = UInt16(exactly: url.port) else {
            throw BrokerError(.invalidURL, "the broker's port must be from 1 to 65535")
        }
        do throws(BrokerError) {
            try check(crmq_open(connection, url.host, port))
        } catch  where error.replyCode == 403 {
            throw .loginRefused(String(cString: crmq_fault_text(connection)), user: url.user)
        }
    }

    /// Sends `connection.close` and waits at most `bound` for the reply.
    package func close(within bound: Duration) { crmq_close(connection, Int32(clamping: bound.milliseconds)) }

    // MARK: The loop

    /// Waits for socket activity or a wake-up, and passes every event to the receiver.
    package func step(
        waitingFor bound: Duration, wantsToWrite: Bool, _ receiver: any EventReceiver
    ) throws(BrokerError) {
        let receiver = Receiver(receiver)
        let status = crmq_step(
            connection, Int32(clamping: bound.milliseconds), wantsToWrite,
            { context, event in
                guard let context else { return }
                Unmanaged<Receiver>.fromOpaque(context).takeUnretainedValue().receiver.receive(event.pointee)
            }, Unmanaged.passUnretained(receiver).toOpaque())
        withExtendedLifetime(receiver) {}
        try check(status)
    }

    private final class Receiver {
        let receiver: any EventReceiver
        init(_ receiver: any EventReceiver) { self.receiver = receiver }
    }

    // MARK: Faults

    private func written(_ status: CRMQStatus, _ tag: UInt64) throws(BrokerError) -> Written {
        switch status {
        case .ok: return .written(tag: tag)
        case .wouldBlock: return .notNow
        case .invalid: return .never(String(cString: crmq_fault_text(connection)))
        default: throw fault(status, name: nil)
        }
    }

    /// - Parameters:
    ///   - name: The exchange or queue of the call.
    ///   - request: The request that the call made.
    private func check(
        _ status: CRMQStatus, name: String? = nil, _ request: RefusedRequest = .none
    ) throws(BrokerError) {
        if status != .ok { throw fault(status, name: name, request) }
    }

    private func fault(
        _ status: CRMQStatus, name: String?, _ request: RefusedRequest = .none
    ) -> BrokerError {
        BrokerError(
            status: status, replyCode: Int(crmq_fault_code(connection)),
            text: String(cString: crmq_fault_text(connection)), name: name, request)
    }
}

// MARK: Declarations

/// Declarations. Each blocks until the broker's reply, so they are made before the first publish or consume.
extension Channel {
    package func declareExchange(_ name: String, type: String, isPassive: Bool = false) throws(BrokerError) {
        try check(
            crmq_declare_exchange(connection, name, type, isPassive, nil, 0), name: "exchange \(name)",
            .declareExchange)
    }

    /// - Returns: The number of ready messages in the queue.
    @discardableResult
    package func declareQueue(
        _ name: String, _ arguments: [String: SignalMessage.HeaderValue] = [:], isPassive: Bool = false
    ) throws(BrokerError) -> Int {
        arena.begin(byteCount: MessageArena.byteCount(of: arguments), fieldCount: arguments.count)
        let (fields, count) = arena.put(arguments)
        var messages: UInt32 = 0
        let status = crmq_declare_queue(connection, name, isPassive, fields, count, &messages)
        let deadLetters = arguments["x-dead-letter-exchange"] != nil
        try check(status, name: "queue \(name)", .declareQueue(deadLetters: deadLetters))
        return Int(messages)
    }

    /// Declares an exclusive queue, which the broker deletes with the connection.
    package func declareOwnQueue(
        _ name: String, _ arguments: [String: SignalMessage.HeaderValue]
    ) throws(BrokerError) {
        arena.begin(byteCount: MessageArena.byteCount(of: arguments), fieldCount: arguments.count)
        let (fields, count) = arena.put(arguments)
        try check(
            crmq_declare_own_queue(connection, name, fields, count), name: "queue \(name)",
            .declareQueue(deadLetters: false))
    }

    package func bind(_ queue: String, to exchange: String, key: String) throws(BrokerError) {
        try check(crmq_bind_queue(connection, queue, exchange, key), name: "exchange \(exchange)", .bind)
    }

    /// Removes a binding; succeeds if it does not exist.
    func unbind(_ queue: String, from exchange: String, key: String) throws(BrokerError) {
        try check(crmq_unbind_queue(connection, queue, exchange, key), name: "exchange \(exchange)")
    }

    package func deleteQueue(_ name: String) throws(BrokerError) {
        try check(crmq_delete_queue(connection, name), name: "queue \(name)", .delete)
    }

    func deleteExchange(_ name: String) throws(BrokerError) {
        try check(crmq_delete_exchange(connection, name), name: "exchange \(name)", .delete)
    }

    package func selectConfirms() throws(BrokerError) { try check(crmq_select_confirms(connection)) }

    package func consume(_ queue: String, as tag: String, prefetch: Int) throws(BrokerError) {
        let status = crmq_consume(connection, queue, tag, UInt16(clamping: prefetch), nil, 0)
        try check(status, name: "queue \(queue)", .consume)
    }
}

// MARK: Writing

/// The methods that are sent while the loop runs; none of them blocks.
extension Channel {
    /// Publishes a persistent, mandatory message.
    package func publish(
        _ message: SignalMessage, exchange: String, routingKey: String
    ) throws(BrokerError) -> Written {
        var outgoing = CRMQMessage()
        var byteCount = exchange.utf8.count + routingKey.utf8.count + message.messageID.utf8.count
        byteCount += message.correlationID?.utf8.count ?? 0
        byteCount += message.type?.utf8.count ?? 0
        byteCount += message.contentType?.utf8.count ?? 0
        byteCount += message.appID?.utf8.count ?? 0
        byteCount += MessageArena.byteCount(of: message.headers)
        arena.begin(byteCount: byteCount, fieldCount: message.headers.count)
        outgoing.exchange = arena.put(exchange)
        outgoing.routingKey = arena.put(routingKey)
        outgoing.mandatory = true
        // An absent id differs from an empty one.
        if !message.messageID.isEmpty { outgoing.properties.messageID = arena.put(message.messageID) }
        outgoing.properties.correlationID = arena.put(message.correlationID)
        outgoing.properties.type = arena.put(message.type)
        outgoing.properties.contentType = arena.put(message.contentType)
        outgoing.properties.appID = arena.put(message.appID)
        outgoing.properties.deliveryMode = 2
        if let seconds = message.timestamp?.timeIntervalSince1970, seconds >= 0, seconds < 1e15 {
            outgoing.properties.hasTimestamp = true
            outgoing.properties.timestamp = UInt64(seconds)
        }
        (outgoing.properties.headers, outgoing.properties.headerCount) = arena.put(message.headers)
        var tag: UInt64 = 0
        let status = message.body.withUnsafeBytes { body in
            outgoing.body = CRMQBytes(
                pointer: body.baseAddress?.assumingMemoryBound(to: UInt8.self), count: body.count)
            return crmq_publish(connection, &outgoing, &tag)
        }
        return try written(status, tag)
    }

    package func acknowledge(_ tag: UInt64, multiple: Bool) throws(BrokerError) -> Written {
        try written(crmq_ack(connection, tag, multiple), tag)
    }

    /// Returns a delivery to its queue, or lets the broker dead-letter it.
    package func release(_ tag: UInt64, requeue: Bool) throws(BrokerError) -> Written {
        try written(crmq_nack(connection, tag, false, requeue), tag)
    }

    /// Returns a delivery to its queue as failed, which counts against the queue's delivery limit.
    package func returnFailed(_ tag: UInt64) throws(BrokerError) -> Written {
        try written(crmq_return(connection, tag), tag)
    }

    /// Requests one message of a queue (`basic.get`); the reply is an event of a later step.
    package func get(_ queue: String) throws(BrokerError) -> Written {
        try written(crmq_get(connection, queue), 0)
    }

    package func cancel(_ consumerTag: String) throws(BrokerError) -> Written {
        try written(crmq_cancel(connection, consumerTag), 0)
    }
}

// MARK: Nodes

extension Channel {
    /// Connects to the first node that responds; a node that worked before is tried first.
    package func openFirstReachable(
        _ settings: BrokerSettings, receivesOnly: Bool = false
    ) throws(BrokerError) {
        let nodes = NodeMemory.shared
        var last = BrokerError(.unreachable, "no broker URL is configured")
        for url in nodes.order(settings) {
            do throws(BrokerError) {
                // Limits the frames per step: the caller decides after each step whether to receive more.
                try check(crmq_set_number(connection, .stepFrames, 256))
                try open(
                    url, as: "\(settings.connectionName) admin", settings,
                    receivesOnly: receivesOnly)
                return nodes.worked(url)
            } catch {
                nodes.failed(url)
                last = error
            }
        }
        throw last
    }
}

extension Duration {
    /// Whole milliseconds.
    var milliseconds: Int { Int(clamping: wholeMilliseconds) }
}
