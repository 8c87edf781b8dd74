// SPDX-License-Identifier: Apache-2.0

/// Removes whole deliveries and confirms from the byte stream of an AMQP broker.
struct FrameSieve {
    private static let methodFrame: UInt8 = 1
    /// The size of a frame's type, channel and length; and with a method's class and id.
    private static let headSize = 7
    private static let methodHeadSize = 11
    /// `basic.deliver` and `basic.ack`.
    private static let droppable: [[UInt8]] = [[0, 60, 0, 60], [0, 60, 0, 80]]

    /// The incomplete header of the current frame.
    private var head: [UInt8] = []
    /// The remaining bytes of the current frame.
    private var left = 0
    /// Whether the last method is dropped, and its content with it.
    private var dropsMethod = false
    private var dropsFrame = false

    /// Filters the next bytes of the stream.
    ///
    /// - Parameter drops: called once for each method that can be dropped.
    /// - Returns: the remaining bytes.
    mutating func pass(_ bytes: ArraySlice<UInt8>, drops: () -> Bool) -> [UInt8] {
        var passed: [UInt8] = []
        var rest = bytes
        while !rest.isEmpty {
            if left == 0 {
                head.append(rest.removeFirst())
                guard isHeadWhole else { continue }
                begin(drops)
                if !dropsFrame { passed += head }
                head = []
            } else {
                let part = rest.prefix(left)
                if !dropsFrame { passed += part }
                left -= part.count
                rest = rest.dropFirst(part.count)
            }
        }
        return passed
    }

    private var isHeadWhole: Bool {
        head.count == (head[0] == Self.methodFrame ? Self.methodHeadSize : Self.headSize)
    }

    private mutating func begin(_ drops: () -> Bool) {
        let size = head[3..<7].reduce(0) { $0 << 8 | Int($1) }
        // The frame-end octet is one byte.
        left = Self.headSize + size + 1 - head.count
        let isOnChannel = head[1] != 0 || head[2] != 0
        if isOnChannel, head[0] == Self.methodFrame {
            dropsMethod = Self.droppable.contains(Array(head[7...])) && drops()
        }
        dropsFrame = isOnChannel && dropsMethod
    }
}
