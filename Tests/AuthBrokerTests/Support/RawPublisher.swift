// SPDX-License-Identifier: Apache-2.0
import Foundation

#if canImport(Glibc)
    import Glibc
#endif

/// Publishes messages that our own publisher rejects: property and header bytes of any kind and size, over its own
/// socket, waiting for the confirm of each message.
final class RawPublisher {
    /// The encoded AMQP properties of a message.
    struct Properties {
        var messageID: [UInt8]?
        var type: [UInt8]?
        /// The encoded content of the header table, without its length.
        var headers: [UInt8]?

        /// An encoded string header.
        static func text(_ name: String, _ value: [UInt8]) -> [UInt8] {
            short(Array(name.utf8)) + [UInt8(ascii: "S")] + long(UInt32(value.count)) + value
        }

        /// An encoded header of nested tables, `depth` levels deep.
        static func nested(_ name: String, depth: Int) -> [UInt8] {
            var table: [UInt8] = []
            for _ in 0..<depth {
                table = short([97]) + [UInt8(ascii: "F")] + long(UInt32(table.count)) + table
            }
            return short(Array(name.utf8)) + [UInt8(ascii: "F")] + long(UInt32(table.count)) + table
        }
    }

    private enum Fault: Error { case connect, closed(String), protocolError }

    private let socket: Int32

    init(port: UInt16) throws {
        socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var timeout = timeval(tv_sec: 20, tv_usec: 0)
        setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &timeout, socklen_t(MemoryLayout<timeval>.size))
        let result = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(socket, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard result == 0 else { throw Fault.connect }
        try send(Array("AMQP".utf8) + [0, 0, 9, 1])
        try expect(10, 10)
        try method(
            0, 10, 11,
            long(0) + short(Array("PLAIN".utf8)) + long(12) + Array("\0guest\0guest".utf8)
                + short(Array("en_US".utf8)))
        try expect(10, 30)
        try method(0, 10, 31, word(2047) + long(131_072) + word(0))
        try method(0, 10, 40, short([UInt8(ascii: "/")]) + [0, 0])
        try expect(10, 41)
        try method(1, 20, 10, [0])
        try expect(20, 11)
        try method(1, 85, 10, [0])
        try expect(85, 11)
    }

    deinit { Glibc.close(socket) }

    /// Publishes a message and waits for its confirm.
    func publish(_ properties: Properties, body: [UInt8], exchange: String, key: String) throws {
        try method(
            1, 60, 40, word(0) + short(Array(exchange.utf8)) + short(Array(key.utf8)) + [0])
        var flags: UInt16 = 1 << 12
        var values: [UInt8] = []
        if let headers = properties.headers {
            flags |= 1 << 13
            values += long(UInt32(headers.count)) + headers
        }
        values += [2]
        if let id = properties.messageID {
            flags |= 1 << 7
            values += short(id)
        }
        if let type = properties.type {
            flags |= 1 << 5
            values += short(type)
        }
        let size = withUnsafeBytes(of: UInt64(body.count).bigEndian) { Array($0) }
        try frame(2, 1, word(60) + word(0) + size + word(flags) + values)
        try frame(3, 1, body)
        try expect(60, 80)
    }

    // MARK: Frames

    private func method(_ channel: UInt16, _ classID: UInt16, _ methodID: UInt16, _ body: [UInt8]) throws {
        try frame(1, channel, word(classID) + word(methodID) + body)
    }

    private func frame(_ type: UInt8, _ channel: UInt16, _ payload: [UInt8]) throws {
        try send([type] + word(channel) + long(UInt32(payload.count)) + payload + [0xCE])
    }

    private func send(_ bytes: [UInt8]) throws {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes {
                Glibc.send(socket, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { throw Fault.connect }
            rest = rest.dropFirst(count)
        }
    }

    private func receive(_ count: Int) throws -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        var have = 0
        while have < count {
            let got = bytes.withUnsafeMutableBytes { buffer in
                recv(socket, buffer.baseAddress.map { $0 + have }, count - have, 0)
            }
            guard got > 0 else { throw Fault.connect }
            have += got
        }
        return bytes
    }

    /// Waits for a method and skips heartbeats.
    private func expect(_ classID: Int, _ methodID: Int) throws {
        while true {
            let head = try receive(7)
            let size = number(head[3...6])
            guard size <= 1 << 20 else { throw Fault.protocolError }
            let payload = try receive(size + 1)
            guard head[0] == 1, payload.count > 4 else { continue }
            let found = (number(payload[0...1]), number(payload[2...3]))
            if found == (classID, methodID) { return }
            if found.1 == 40 || found.1 == 50 {
                throw Fault.closed(String(decoding: payload[4...], as: UTF8.self))
            }
        }
    }
}

private func number(_ bytes: ArraySlice<UInt8>) -> Int { bytes.reduce(0) { $0 << 8 | Int($1) } }
private func word(_ value: UInt16) -> [UInt8] { withUnsafeBytes(of: value.bigEndian) { Array($0) } }
private func long(_ value: UInt32) -> [UInt8] { withUnsafeBytes(of: value.bigEndian) { Array($0) } }
private func short(_ bytes: [UInt8]) -> [UInt8] { [UInt8(clamping: bytes.count)] + bytes }
