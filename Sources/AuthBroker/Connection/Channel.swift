// SPDX-License-Identifier: Apache-2.0
import AuthSignals
import CRabbitMQ

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
    let arena = MessageArena()
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

    func written(_ status: CRMQStatus, _ tag: UInt64) throws(BrokerError) -> Written {
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
    func check(
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

extension Duration {
    /// Whole milliseconds.
    var milliseconds: Int { Int(clamping: wholeMilliseconds) }
}
