// SPDX-License-Identifier: Apache-2.0
import Foundation
import Synchronization
import ToolSupport

#if canImport(Glibc)
    import Glibc
#endif

/// One connection of an ``ErringBroker``, on its own thread.
final class ErringConnection {
    /// The poll time-out in milliseconds, after which the queue is checked again.
    private static let pause: Int32 = 2

    let broker: ErringBroker
    let socket: Int32
    var random: SeededGenerator

    private var received: [UInt8] = []
    private var hasGreeted = false
    var isOver = false

    // Consuming.
    var consumerTag: String?
    private var prefetch = 0
    var nextTag: UInt64 = 1
    var unsettled: [UInt64: ErringBroker.Message] = [:]
    /// Whether the last delivery may be addressed to another handler.
    private var isForAnotherHandler = false
    /// The first tag that the client must not settle, because it has seen wrong tags since then.
    var brokenFrom: UInt64?
    /// Whether the client must close this connection: no more deliveries and confirms are sent on it.
    var isSpoilt = false
    /// The number of loop iterations until the connection is closed, or `nil`.
    private var turnsLeft: Int?

    // Publishing.
    var confirms = false
    var published: UInt64 = 0
    var confirmed: UInt64 = 0
    private var content: (id: String, key: String, left: UInt64, body: [UInt8])?
    private var publishedKey = ""

    init(_ broker: ErringBroker, _ socket: Int32, _ random: SeededGenerator) {
        self.broker = broker
        self.socket = socket
        self.random = random
    }

    func run() {
        while !isOver {
            var end = pollfd(fd: socket, events: Int16(POLLIN), revents: 0)
            guard poll(&end, 1, Self.pause) >= 0 else { break }
            if end.revents != 0, !receive() { break }
            let (isErring, isClosed) = broker.state.withLock { ($0.isErring, $0.isClosed) }
            if isClosed || turnsLeft == 0 { break }
            turnsLeft = turnsLeft.map { $0 - 1 }
            if isErring, random.oneIn(12) { err() }
            deliver()
            confirm()
        }
        // Unsettled messages return to the front of the queue, in order.
        let back = unsettled.sorted { $0.key < $1.key }.map(\.value)
        broker.state.withLock { state in
            state.waiting = back + state.waiting
            state.inFlight -= back.count
        }
        Glibc.close(socket)
    }

    // MARK: Bytes

    func send(_ bytes: [UInt8]) {
        var rest = bytes[...]
        while !rest.isEmpty, !isOver {
            let count = rest.withUnsafeBytes {
                Glibc.send(socket, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            if count <= 0 { isOver = true } else { rest = rest.dropFirst(count) }
        }
    }

    func send(_ method: AMQPWriter, on channel: UInt16 = 1) {
        send(AMQPFrame.method(method, on: channel).bytes)
    }

    private func receive() -> Bool {
        var buffer = [UInt8](repeating: 0, count: 65536)
        let count = recv(socket, &buffer, buffer.count, 0)
        guard count > 0 else { return false }
        received += buffer[..<count]
        if !hasGreeted {
            guard received.count >= 8 else { return true }
            received.removeFirst(8)
            hasGreeted = true
            var start = AMQPWriter(.start)
            start.put(UInt16(9))
            start.putTable(&random)
            start.putLong("PLAIN AMQPLAIN")
            start.putLong("en_US")
            send(start, on: 0)
        }
        while received.count >= 8 {
            var reader = AMQPReader(received[..<7])
            let (type, channel) = (reader.number(UInt8.self), reader.number(UInt16.self))
            let size = Int(reader.number(UInt32.self))
            guard received.count >= size + 8 else { break }
            let payload = Array(received[7..<7 + size])
            received.removeFirst(size + 8)
            take(AMQPFrame(type: type, channel: channel, payload: payload))
        }
        return true
    }

    // MARK: Methods of the client

    private func take(_ frame: AMQPFrame) {
        switch frame.type {
        case 1:
            var reader = AMQPReader(frame.payload)
            let method = AMQPMethod(reader.number(), reader.number())
            answer(method, &reader)
        case 2: takeHeader(frame.payload)
        case 3: takeBody(frame.payload)
        default: break
        }
    }

    private func answer(_ method: AMQPMethod, _ reader: inout AMQPReader) {
        switch method {
        case .startOK:
            var tune = AMQPWriter(.tune)
            tune.put(UInt16(2047))
            let isErring = broker.state.withLock { $0.isErring }
            let sizes: [UInt32] = isErring ? [0, 4096, 8192, 131_072] : [131_072]
            tune.put(sizes.randomElement(using: &random) ?? 131_072)
            tune.put(UInt16(0))
            send(tune, on: 0)
        case .connectionOpen:
            var answer = AMQPWriter(.connectionOpenOK)
            answer.putShort("")
            send(answer, on: 0)
        case .connectionClose:
            send(AMQPWriter(.connectionCloseOK), on: 0)
            isOver = true
        case .channelOpen:
            var answer = AMQPWriter(.channelOpenOK)
            answer.putLong("")
            send(answer)
        case .queueDeclare:
            _ = reader.number(UInt16.self)
            var answer = AMQPWriter(.queueDeclareOK)
            answer.putShort(reader.short())
            answer.put(UInt32(0))
            answer.put(UInt32(0))
            send(answer)
        case .qos:
            _ = reader.number(UInt32.self)
            prefetch = Int(reader.number(UInt16.self))
            send(AMQPWriter(.qosOK))
        case .consume:
            _ = reader.number(UInt16.self)
            _ = reader.short()
            let tag = reader.short()
            consumerTag = tag
            var answer = AMQPWriter(.consumeOK)
            answer.putShort(tag)
            send(answer)
        case .cancel:
            var answer = AMQPWriter(.cancelOK)
            answer.putShort(reader.short())
            consumerTag = nil
            send(answer)
        case .confirmSelect:
            confirms = true
            send(AMQPWriter(.confirmSelectOK))
        case .publish:
            _ = reader.number(UInt16.self)
            _ = reader.short()
            publishedKey = reader.short()
        case .ack:
            let (tag, multiple) = (reader.number(UInt64.self), reader.number(UInt8.self) & 1 != 0)
            settle(tag, multiple: multiple, requeue: false)
        case .nack:
            let (tag, bits) = (reader.number(UInt64.self), reader.number(UInt8.self))
            settle(tag, multiple: bits & 1 != 0, requeue: bits & 2 != 0)
        default:
            // Declarations: the reply has the next method id and no arguments.
            if [40, 50].contains(method.classID) {
                var answer = AMQPWriter(AMQPMethod(method.classID, method.id + 1))
                if method == .queueDelete { answer.put(UInt32(0)) }
                send(answer)
            }
        }
    }

    // MARK: Settlements

    private func settle(_ tag: UInt64, multiple: Bool, requeue: Bool) {
        if let brokenFrom, tag >= brokenFrom {
            return fault("delivery \(tag) was settled although tags were wrong from \(brokenFrom) on")
        }
        let tags = multiple ? unsettled.keys.filter { $0 <= tag } : unsettled.keys.filter { $0 == tag }
        if tags.isEmpty { fault("delivery \(tag) was settled but is not unsettled") }
        for tag in tags.sorted() {
            guard let message = unsettled.removeValue(forKey: tag) else { continue }
            broker.state.withLock { state in
                if requeue { state.waiting.insert(message, at: 0) } else { state.settled.append(message) }
                state.inFlight -= 1
            }
        }
    }

    private func fault(_ text: String) { broker.state.withLock { $0.faults.append(text) } }

    // MARK: Publishing

    private func takeHeader(_ payload: [UInt8]) {
        var reader = AMQPReader(payload)
        _ = reader.number(UInt32.self)
        let size = reader.number(UInt64.self)
        let flags = reader.number(UInt16.self)
        if flags & 1 << 15 != 0 { _ = reader.short() }
        if flags & 1 << 14 != 0 { _ = reader.short() }
        if flags & 1 << 13 != 0 { _ = reader.long() }
        if flags & 1 << 12 != 0 { _ = reader.number(UInt8.self) }
        if flags & 1 << 11 != 0 { _ = reader.number(UInt8.self) }
        for bit in [10, 9, 8] where flags & 1 << bit != 0 { _ = reader.short() }
        content = (flags & 1 << 7 != 0 ? reader.short() : "", publishedKey, size, [])
        takeBody([])
    }

    private func takeBody(_ part: [UInt8]) {
        guard let (id, key, left, begin) = content else { return }
        let (rest, body) = (left - min(left, UInt64(part.count)), begin + part)
        content = rest > 0 ? (id, key, rest, body) : nil
        guard content == nil else { return }
        published += 1
        broker.state.withLock { state in
            state.stored[id, default: 0] += 1
            state.storedBodies.insert(body)
        }
    }

    /// Confirms stored messages, sometimes several with one confirm.
    private func confirm() {
        guard confirms, confirmed < published, !isSpoilt else { return }
        while confirmed < published {
            let isMultiple = random.oneIn(3)
            confirmed =
                isMultiple ? UInt64.random(in: confirmed + 1...published, using: &random) : confirmed + 1
            answer(.ack, confirmed, multiple: isMultiple)
        }
    }

    func answer(_ method: AMQPMethod, _ tag: UInt64, multiple: Bool) {
        var answer = AMQPWriter(method)
        answer.put(tag)
        answer.put(UInt8(multiple ? 1 : 0))
        send(answer)
    }

    // MARK: Deliveries

    private func deliver() {
        guard consumerTag != nil, brokenFrom == nil, !isSpoilt else { return }
        while prefetch == 0 || unsettled.count < prefetch {
            let next = broker.state.withLock { state -> ErringBroker.Message? in
                if state.waiting.isEmpty { return nil }
                state.inFlight += 1
                return state.waiting.removeFirst()
            }
            guard let next else { return }
            let (tag, wasDamaged) = (nextTag, isErring && random.oneIn(40))
            nextTag += 1
            unsettled[tag] = next
            let frames = delivery(of: next, as: tag)
            if wasDamaged || isForAnotherHandler { unsettled[tag]?.wasDamaged = true }
            send(wasDamaged ? damaged(frames) : frames.flatMap(\.bytes))
            if isOver { return }
        }
    }

    var isErring: Bool { broker.state.withLock { $0.isErring } }

    /// The frames of a delivery; while erring is enabled, sometimes with unusual properties.
    func delivery(of message: ErringBroker.Message, as tag: UInt64, get: Bool = false) -> [AMQPFrame] {
        var method = AMQPWriter(get ? .getOK : .deliver)
        if !get { method.putShort(consumerTag ?? "") }
        method.put(tag)
        method.put(UInt8(0))
        method.putShort("auth.signals")
        method.putShort(message.routingKey)
        if get { method.put(UInt32.max) }
        var header = AMQPWriter()
        header.put(UInt16(60))
        header.put(UInt16(0))
        header.put(UInt64(message.body.count))
        isForAnotherHandler = false
        if isErring, random.oneIn(4) {
            // Headers, message id, timestamp.
            header.put(UInt16(1 << 13 | 1 << 7 | 1 << 6))
            let names = [
                "x-delivery-count", "auth-attempt", "auth-error", "subject", "traceparent", "x-death",
            ]
            // A copy for an unknown handler is dead-lettered, whatever its other properties are.
            isForAnotherHandler = random.oneIn(4)
            header.putTable(&random, named: names + (isForAnotherHandler ? ["auth-handler"] : []))
            header.putShort(random.bytes(0...255))
            header.put([0, 1 << 63, UInt64.max, random.next()].randomElement(using: &random) ?? 0)
        } else {
            header.put(UInt16(1 << 7))
            header.putShort(message.id)
        }
        let body = AMQPFrame(type: 3, channel: 1, payload: message.body)
        return [.method(method), AMQPFrame(type: 2, channel: 1, payload: header.bytes)]
            + (message.body.isEmpty ? [] : [body])
    }

    /// The bytes of frames with a few random changes.
    private func damaged(_ frames: [AMQPFrame]) -> [UInt8] {
        // If a frame's length was increased, the client waits for more bytes forever, so the connection is closed soon.
        turnsLeft = 20
        var bytes = frames.flatMap(\.bytes)
        for _ in 0..<Int.random(in: 1...4, using: &random) {
            let place = Int.random(in: 0..<bytes.count, using: &random)
            bytes[place] = UInt8(truncatingIfNeeded: random.next())
        }
        return bytes
    }
}

extension AMQPMethod {
    static let start = AMQPMethod(10, 10)
    static let startOK = AMQPMethod(10, 11)
    static let tune = AMQPMethod(10, 30)
    static let connectionOpen = AMQPMethod(10, 40)
    static let connectionOpenOK = AMQPMethod(10, 41)
    static let connectionClose = AMQPMethod(10, 50)
    static let connectionCloseOK = AMQPMethod(10, 51)
    static let blocked = AMQPMethod(10, 60)
    static let unblocked = AMQPMethod(10, 61)
    static let channelOpen = AMQPMethod(20, 10)
    static let channelOpenOK = AMQPMethod(20, 11)
    static let flow = AMQPMethod(20, 20)
    static let channelClose = AMQPMethod(20, 40)
    static let queueDeclare = AMQPMethod(50, 10)
    static let queueDeclareOK = AMQPMethod(50, 11)
    static let queueDelete = AMQPMethod(50, 40)
    static let qos = AMQPMethod(60, 10)
    static let qosOK = AMQPMethod(60, 11)
    static let consume = AMQPMethod(60, 20)
    static let consumeOK = AMQPMethod(60, 21)
    static let cancel = AMQPMethod(60, 30)
    static let cancelOK = AMQPMethod(60, 31)
    static let publish = AMQPMethod(60, 40)
    static let returned = AMQPMethod(60, 50)
    static let deliver = AMQPMethod(60, 60)
    static let getOK = AMQPMethod(60, 71)
    static let getEmpty = AMQPMethod(60, 72)
    static let ack = AMQPMethod(60, 80)
    static let nack = AMQPMethod(60, 120)
    static let confirmSelect = AMQPMethod(85, 10)
    static let confirmSelectOK = AMQPMethod(85, 11)
}
