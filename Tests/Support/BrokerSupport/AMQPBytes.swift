// SPDX-License-Identifier: Apache-2.0
import ToolSupport

/// Encodes AMQP 0-9-1 values.
struct AMQPWriter {
    private(set) var bytes: [UInt8] = []

    /// Begins with the class and id of a method.
    init(_ method: AMQPMethod) {
        put(method.classID)
        put(method.id)
    }

    init() {}

    mutating func put<Number: FixedWidthInteger>(_ number: Number) {
        withUnsafeBytes(of: number.bigEndian) { bytes += $0 }
    }

    mutating func putShort(_ text: [UInt8]) {
        let text = text.prefix(255)
        bytes.append(UInt8(text.count))
        bytes += text
    }

    mutating func putShort(_ text: String) { putShort(Array(text.utf8)) }

    mutating func putLong(_ text: [UInt8]) {
        put(UInt32(text.count))
        bytes += text
    }

    mutating func putLong(_ text: String) { putLong(Array(text.utf8)) }

    /// Appends a table of random fields of every type, with extreme values.
    mutating func putTable(_ random: inout SeededGenerator, named names: [String] = [], depth: Int = 0) {
        var fields = AMQPWriter()
        for index in 0..<Int.random(in: 0...5, using: &random) {
            fields.putShort(names.randomElement(using: &random) ?? "h\(index)")
            fields.putField(&random, depth: depth)
        }
        putLong(fields.bytes)
    }

    private mutating func putField(_ random: inout SeededGenerator, depth: Int) {
        let extremes: [UInt64] = [
            0, 1, 0x7F, 0x80, 0xFF, 1 << 31, 1 << 63, (1 << 63) - 1, .max, random.next(),
        ]
        let number = extremes.randomElement(using: &random) ?? 0
        let kinds = Array("tbBsuIiLlfdDSAFTVx".utf8)
        let kind = kinds.randomElement(using: &random) ?? 0
        bytes.append(kind)
        switch UnicodeScalar(kind) {
        case "t", "b", "B": put(UInt8(truncatingIfNeeded: number))
        case "s", "u": put(UInt16(truncatingIfNeeded: number))
        case "I", "i", "f": put(UInt32(truncatingIfNeeded: number))
        case "L", "l", "d", "T": put(number)
        case "D":
            put(UInt8(truncatingIfNeeded: number))
            put(UInt32(truncatingIfNeeded: number))
        case "S", "x": putLong(random.bytes(0...40))
        case "A":
            var items = AMQPWriter()
            if depth < 20 { items.putField(&random, depth: depth + 1) }
            putLong(items.bytes)
        case "F":
            if depth < 20 { putTable(&random, depth: depth + 1) } else { put(UInt32(0)) }
        // "V" (void) has no value.
        default: break
        }
    }
}

/// Decodes AMQP 0-9-1 values; past the end it reads zeros.
struct AMQPReader {
    private var rest: ArraySlice<UInt8>

    init(_ bytes: some Sequence<UInt8>) { rest = Array(bytes)[...] }

    mutating func number<Number: FixedWidthInteger>(_ type: Number.Type = Number.self) -> Number {
        (0..<Number.bitWidth / 8).reduce(0) { value, _ in value << 8 | Number(truncatingIfNeeded: byte()) }
    }

    mutating func short() -> String { text(Int(number(UInt8.self))) }
    mutating func long() -> String { text(Int(number(UInt32.self))) }

    private mutating func byte() -> UInt8 { rest.popFirst() ?? 0 }

    private mutating func text(_ count: Int) -> String {
        defer { rest = rest.dropFirst(count) }
        return String(decoding: rest.prefix(count), as: UTF8.self)
    }
}

/// The class and id of an AMQP 0-9-1 method.
struct AMQPMethod: Hashable {
    var classID: UInt16
    var id: UInt16

    init(_ classID: UInt16, _ id: UInt16) {
        self.classID = classID
        self.id = id
    }
}

/// An AMQP 0-9-1 frame.
struct AMQPFrame {
    var type: UInt8
    var channel: UInt16
    var payload: [UInt8]

    static func method(_ writer: AMQPWriter, on channel: UInt16 = 1) -> AMQPFrame {
        AMQPFrame(type: 1, channel: channel, payload: writer.bytes)
    }

    var bytes: [UInt8] {
        var writer = AMQPWriter()
        writer.put(type)
        writer.put(channel)
        writer.putLong(payload)
        return writer.bytes + [0xCE]
    }
}
