// SPDX-License-Identifier: Apache-2.0

/// Writes fields of a Protocol Buffers message: the wire types that OTLP's trace messages need.
struct ProtobufWriter {
    private enum WireType: UInt64 {
        case varint = 0
        case fixed64 = 1
        case lengthDelimited = 2
        case fixed32 = 5
    }

    private(set) var bytes: [UInt8] = []

    mutating func field(_ number: UInt64, bytes value: [UInt8]) {
        tag(number, .lengthDelimited)
        varint(UInt64(value.count))
        bytes.append(contentsOf: value)
    }

    mutating func field(_ number: UInt64, _ text: String) {
        tag(number, .lengthDelimited)
        varint(UInt64(text.utf8.count))
        bytes.append(contentsOf: text.utf8)
    }

    /// A field of the types `bool`, `enum`, `int32`, `int64`, `uint32` or `uint64`.
    mutating func field(_ number: UInt64, varint value: UInt64) {
        tag(number, .varint)
        varint(value)
    }

    /// A field of the type `fixed64`, or the bits of a `double`.
    mutating func field(_ number: UInt64, fixed64 value: UInt64) {
        tag(number, .fixed64)
        for shift in stride(from: UInt64(0), to: 64, by: 8) {
            bytes.append(UInt8(truncatingIfNeeded: value >> shift))
        }
    }

    mutating func field(_ number: UInt64, fixed32 value: UInt32) {
        tag(number, .fixed32)
        for shift in stride(from: UInt32(0), to: 32, by: 8) {
            bytes.append(UInt8(truncatingIfNeeded: value >> shift))
        }
    }

    /// A field that is a message.
    mutating func field(_ number: UInt64, message body: (inout ProtobufWriter) -> Void) {
        var message = ProtobufWriter()
        body(&message)
        field(number, bytes: message.bytes)
    }

    private mutating func tag(_ number: UInt64, _ type: WireType) { varint(number << 3 | type.rawValue) }

    private mutating func varint(_ value: UInt64) {
        var rest = value
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(truncatingIfNeeded: rest))
    }
}
