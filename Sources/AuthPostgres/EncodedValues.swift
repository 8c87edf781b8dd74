// SPDX-License-Identifier: Apache-2.0
import CPostgres
import Foundation

/// The OIDs of built-in types (PostgreSQL's `pg_type.dat`).
enum TypeID {
    static let bool: UInt32 = 16
    static let bytea: UInt32 = 17
    static let name: UInt32 = 19
    static let int8: UInt32 = 20
    static let int2: UInt32 = 21
    static let int4: UInt32 = 23
    static let text: UInt32 = 25
    static let unknown: UInt32 = 705
    static let bpchar: UInt32 = 1042
    static let varchar: UInt32 = 1043
    static let uuid: UInt32 = 2950
    static let xid8: UInt32 = 5069
    static let byteaArray: UInt32 = 1001
    static let textArray: UInt32 = 1009
    static let int8Array: UInt32 = 1016
    static let uuidArray: UInt32 = 2951
}

/// The parameters of one statement in PostgreSQL's binary format.
struct EncodedValues {
    /// Of each parameter; 0 for NULL, whose type is not known.
    private(set) var types: [UInt32] = []
    private var bytes: [UInt8] = []
    /// Positions in `bytes`; nil for NULL.
    private var ranges: [Range<Int>?] = []

    /// The protocol counts parameters in 16 bits.
    static let mostValues = 65_535
    /// The server's limit of one value, in bytes.
    static let mostBytes = 1 << 30 - 1

    /// - Throws: ``PostgresError`` with code ``PostgresError/Code/rejected`` if the protocol's limits are exceeded.
    init(_ values: [PostgresValue]) throws(PostgresError) {
        types.reserveCapacity(values.count)
        ranges.reserveCapacity(values.count)
        for value in values {
            let start = bytes.count
            let type = append(value)
            types.append(type)
            ranges.append(type == 0 ? nil : start..<bytes.count)
        }
        guard values.count <= Self.mostValues, bytes.count < Self.mostBytes else {
            throw PostgresError(.rejected, "a statement has too many parameters, or they are too long")
        }
        // The buffer's address must exist even if all values are empty.
        bytes.append(0)
    }

    /// Calls `body` with pointers that are valid during the call.
    func withPointer<R>(_ body: (UnsafePointer<CPGValue>?, Int) -> R) -> R {
        bytes.withUnsafeBufferPointer { buffer in
            let values = zip(types, ranges).map { type, range in
                let pointer = range.flatMap { range in buffer.baseAddress.map { $0 + range.lowerBound } }
                return CPGValue(bytes: CPGBytes(pointer: pointer, count: range?.count ?? 0), type: type)
            }
            return values.withUnsafeBufferPointer { body($0.baseAddress, $0.count) }
        }
    }

    // MARK: Encoding

    /// - Returns: The type; 0 for NULL.
    private mutating func append(_ value: PostgresValue) -> UInt32 {
        switch value {
        case .null: return 0
        case .bool(let value): bytes.append(value ? 1 : 0); return TypeID.bool
        case .int(let value): append(value); return TypeID.int8
        case .int4(let value): append(value); return TypeID.int4
        case .text(let value): bytes += value.utf8; return TypeID.text
        case .bytes(let value): bytes += value; return TypeID.bytea
        case .uuid(let value): append(value); return TypeID.uuid
        case .texts(let values): return append(values, TypeID.textArray, TypeID.text) { $0.bytes += $1.utf8 }
        case .ints(let values): return append(values, TypeID.int8Array, TypeID.int8) { $0.append($1) }
        case .uuids(let values): return append(values, TypeID.uuidArray, TypeID.uuid) { $0.append($1) }
        case .byteses(let values): return append(values, TypeID.byteaArray, TypeID.bytea) { $0.bytes += $1 }
        }
    }

    private mutating func append(_ number: some FixedWidthInteger) {
        withUnsafeBytes(of: number.bigEndian) { bytes += $0 }
    }

    private mutating func append(_ value: UUID) {
        withUnsafeBytes(of: value.uuid) { bytes += $0 }
    }

    /// Appends an array of one dimension: dimensions, whether it has NULLs, the elements' type, length, lower bound;
    /// then each element with its length, -1 for NULL (PostgreSQL's `array_recv`).
    private mutating func append<Element>(
        _ elements: [Element?], _ type: UInt32, _ elementType: UInt32,
        _ appendElement: (inout EncodedValues, Element) -> Void
    ) -> UInt32 {
        append(Int32(elements.isEmpty ? 0 : 1))
        append(Int32(elements.contains { $0 == nil } ? 1 : 0))
        append(elementType)
        if !elements.isEmpty {
            append(Int32(clamping: elements.count))
            append(Int32(1))
        }
        for element in elements {
            let place = bytes.count
            append(Int32(-1))
            guard let element else { continue }
            appendElement(&self, element)
            withUnsafeBytes(of: Int32(clamping: bytes.count - place - 4).bigEndian) { count in
                for (offset, byte) in count.enumerated() { bytes[place + offset] = byte }
            }
        }
        return type
    }
}
