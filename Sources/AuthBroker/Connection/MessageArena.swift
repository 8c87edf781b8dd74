// SPDX-License-Identifier: Apache-2.0
import AuthSignals
import CRabbitMQ

/// An arena that holds the strings of one message at stable addresses while C reads them; it is reused for the next.
final class MessageArena {
    private var bytes = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: 4096)
    private var used = 0
    private var fields = UnsafeMutableBufferPointer<CRMQField>.allocate(capacity: 32)
    private var fieldCount = 0

    deinit {
        bytes.deallocate()
        fields.deallocate()
    }

    /// Clears the arena and reserves capacity, so that addresses stay valid until the next call.
    func begin(byteCount: Int, fieldCount: Int) {
        used = 0
        self.fieldCount = 0
        if byteCount > bytes.count {
            bytes.deallocate()
            bytes = .allocate(capacity: byteCount * 2)
        }
        if fieldCount > fields.count {
            fields.deallocate()
            fields = .allocate(capacity: fieldCount * 2)
        }
    }

    /// Copies a text; an empty text differs from an absent one.
    func put(_ text: String) -> CRMQBytes {
        var text = text
        return text.withUTF8 { utf8 in
            let place = UnsafeMutableBufferPointer(rebasing: bytes[used..<used + utf8.count])
            _ = place.initialize(from: utf8)
            used += utf8.count
            return CRMQBytes(pointer: bytes.baseAddress.map { $0 + used - utf8.count }, count: utf8.count)
        }
    }

    func put(_ text: String?) -> CRMQBytes {
        text.map { put($0) } ?? CRMQBytes(pointer: nil, count: 0)
    }

    /// Copies headers or arguments, and returns their address and count.
    func put(_ table: [String: SignalMessage.HeaderValue]) -> (UnsafePointer<CRMQField>?, Int) {
        for (name, value) in table {
            var field = CRMQField()
            field.name = put(name)
            switch value {
            case .string(let text):
                field.kind = .text
                field.bytes = put(text)
            case .integer(let number):
                field.kind = .integer
                field.integer = number
            case .bool(let flag):
                field.kind = .boolean
                field.integer = flag ? 1 : 0
            }
            fields.initializeElement(at: fieldCount, to: field)
            fieldCount += 1
        }
        return table.isEmpty ? (nil, 0) : (UnsafePointer(fields.baseAddress), fieldCount)
    }

    /// The number of bytes that a table needs.
    static func byteCount(of table: [String: SignalMessage.HeaderValue]) -> Int {
        table.reduce(0) { $0 + $1.key.utf8.count + ($1.value.string?.utf8.count ?? 0) }
    }
}
