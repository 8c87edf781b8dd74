// SPDX-License-Identifier: Apache-2.0

/// Takes whole deliveries and confirms out of the bytes that an AMQP broker sends.
struct FrameSieve {
    private static let methodFrame: UInt8 = 1
    /// A frame's type, channel and length, and a method's class and id.
    private static let headSize = 7
    private static let methodHeadSize = 11
    /// `basic.deliver` and `basic.ack`.
    private static let droppable: [[UInt8]] = [[0, 60, 0, 60], [0, 60, 0, 80]]

    /// The beginning of a frame that is not known well enough yet.
    private var head: [UInt8] = []
    /// How many bytes of the frame are still to come.
    private var left = 0
    /// Whether the last method is dropped; its content goes with it.
    private var dropsMethod = false
    private var dropsFrame = false

    /// - Parameter drops: Asked once for each method that could be dropped.
    /// - Returns: What is left of the bytes.
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
        // The frame's end is one byte.
        left = Self.headSize + size + 1 - head.count
        let isOnChannel = head[1] != 0 || head[2] != 0
        if isOnChannel, head[0] == Self.methodFrame {
            dropsMethod = Self.droppable.contains(Array(head[7...])) && drops()
        }
        dropsFrame = isOnChannel && dropsMethod
    }
}
