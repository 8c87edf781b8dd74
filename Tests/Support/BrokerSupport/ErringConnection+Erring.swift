// SPDX-License-Identifier: Apache-2.0
import Synchronization
import ToolSupport

#if canImport(Glibc)
    import Glibc
#endif

/// The broker's errors: protocol violations, and rare but legal events that a client must handle.
extension ErringConnection {
    private typealias Error = (name: String, act: @Sendable (ErringConnection) -> Void)

    /// Performs a random error.
    func err() {
        // Before the channel is in use, only general errors make sense.
        let errors = consumerTag != nil ? Self.consuming : confirms ? Self.publishing : []
        guard let error = (errors + Self.general).randomElement(using: &random) else { return }
        broker.state.withLock { $0.errors[error.name, default: 0] += 1 }
        error.act(self)
    }

    private static let general: [Error] = [
        ("socket closed", { $0.isOver = true }),
        ("connection reset", { $0.reset() }),
        ("channel closed", { $0.close(.channelClose, on: 1) }),
        ("connection closed", { $0.close(.connectionClose, on: 0) }),
        ("random bytes", { $0.send($0.random.bytes(1...300)) }),
        ("incomplete frame", { $0.halfFrame() }),
        ("random method", { $0.randomMethod() }),
        ("frame on another channel", { $0.send(AMQPWriter(.getEmpty), on: 7) }),
        (
            "heartbeat with a payload",
            { $0.send(AMQPFrame(type: 8, channel: 0, payload: [1, 2, 3]).bytes) }
        ),
        ("content without a method", { $0.content() }),
        ("blocked and unblocked", { $0.block() }),
        ("unblocked", { $0.send(AMQPWriter(.unblocked), on: 0) }),
        ("unexpected get-empty", { $0.send(AMQPWriter(.getEmpty)) }),
        ("flow", { $0.flow() }),
    ]

    private static let consuming: [Error] = [
        ("gap in tags", { $0.jump(to: $0.nextTag + UInt64.random(in: 1...9, using: &$0.random)) }),
        ("repeated tag", { $0.jump(to: max(1, $0.nextTag - 1)) }),
        ("tags restarted at 1", { $0.jump(to: 1) }),
        ("tag 0", { $0.jump(to: 0) }),
        ("highest tag", { $0.jump(to: .max) }),
        ("huge tag", { $0.jump(to: 1 << 63) }),
        ("consumer cancelled", { $0.endConsumer(.cancel) }),
        ("unexpected cancel-ok", { $0.endConsumer(.cancelOK) }),
        ("confirm on the consumer's channel", { $0.answer(.ack, 1, multiple: true) }),
    ]

    private static let publishing: [Error] = [
        ("confirm for an unpublished tag", { $0.confirmForeign() }),
        ("repeated confirm", { $0.answer(.ack, max(1, $0.confirmed), multiple: $0.random.oneIn(2)) }),
        ("return of an unpublished message", { $0.returnForeign() }),
    ]

    private func reset() {
        var linger = linger(l_onoff: 1, l_linger: 0)
        setsockopt(socket, SOL_SOCKET, SO_LINGER, &linger, socklen_t(MemoryLayout.size(ofValue: linger)))
        isOver = true
    }

    private func close(_ method: AMQPMethod, on channel: UInt16) {
        var close = AMQPWriter(method)
        let codes: [UInt16] = [0, 200, 320, 403, 404, 406, 501, 541, .max]
        close.put(codes.randomElement(using: &random) ?? 541)
        close.putShort(random.bytes(0...255))
        close.put(UInt32(0))
        send(close, on: channel)
        spoil()
    }

    private func halfFrame() {
        var method = AMQPWriter(.getEmpty)
        method.putShort("")
        send(Array(AMQPFrame.method(method).bytes.dropLast(3)))
        isOver = true
    }

    private func randomMethod() {
        let methods = [
            AMQPMethod(10, 10), AMQPMethod(10, 50), AMQPMethod(20, 40), AMQPMethod(40, 11),
            AMQPMethod(50, 11),
            AMQPMethod(60, 21), AMQPMethod(60, 111), AMQPMethod(90, 11), AMQPMethod(.max, .max),
        ]
        var method = AMQPWriter(methods.randomElement(using: &random) ?? .flow)
        for byte in random.bytes(0...40) { method.put(byte) }
        send(method, on: random.oneIn(2) ? 0 : 1)
        spoil()
    }

    /// Sends a content header or body without a method.
    private func content() {
        var header = AMQPWriter()
        header.put(UInt16(60))
        header.put(UInt16(0))
        header.put([0, 1, 1 << 40, UInt64.max].randomElement(using: &random) ?? 0)
        header.put(UInt16(0))
        let isHeader = random.oneIn(2)
        let frame = AMQPFrame(
            type: isHeader ? 2 : 3, channel: 1, payload: isHeader ? header.bytes : random.bytes(0...50))
        send(frame.bytes)
        spoil()
    }

    private func block() {
        var blocked = AMQPWriter(.blocked)
        blocked.putShort(random.bytes(0...255))
        send(blocked, on: 0)
        send(AMQPWriter(.unblocked), on: 0)
    }

    private func flow() {
        var flow = AMQPWriter(.flow)
        flow.put(UInt8(0))
        send(flow)
        spoil()
    }

    /// Delivers the next message with a wrong tag.
    private func jump(to tag: UInt64) {
        let next = broker.state.withLock { $0.waiting.first }
        guard tag != nextTag, let next else { return }
        brokenFrom = nextTag
        send(delivery(of: next, as: tag).flatMap(\.bytes))
        // Followed by another delivery, as if the tag were right.
        if random.oneIn(2) { send(delivery(of: next, as: tag &+ 1).flatMap(\.bytes)) }
    }

    private func endConsumer(_ method: AMQPMethod) {
        var end = AMQPWriter(method)
        end.putShort(random.oneIn(3) ? "another consumer" : consumerTag ?? "")
        if method == .cancel { end.put(UInt8(1)) }
        send(end)
        spoil()
    }

    private func confirmForeign() {
        let tags = [0, published + 1, published + UInt64.random(in: 1...1000, using: &random), 1 << 63, .max]
        let tag = tags.randomElement(using: &random) ?? 0
        answer(random.oneIn(2) ? .ack : .nack, tag, multiple: random.oneIn(2))
        // No confirm follows: the client must not treat this one as valid.
        spoil()
    }

    private func returnForeign() {
        var method = AMQPWriter(.returned)
        method.put(UInt16(312))
        method.putShort(random.bytes(0...255))
        method.putShort("auth.signals")
        method.putShort(random.bytes(0...255))
        var header = AMQPWriter()
        header.put(UInt16(60))
        header.put(UInt16(0))
        header.put(UInt64(0))
        header.put(UInt16(1 << 13 | 1 << 7))
        header.putTable(&random)
        header.putShort(random.bytes(0...255))
        send(
            AMQPFrame.method(method).bytes
                + AMQPFrame(type: 2, channel: 1, payload: header.bytes).bytes)
        spoil()
    }

    /// Stops deliveries and confirms on this connection, which the client has to close.
    private func spoil() {
        isSpoilt = true
        if brokenFrom == nil { brokenFrom = nextTag }
    }
}
