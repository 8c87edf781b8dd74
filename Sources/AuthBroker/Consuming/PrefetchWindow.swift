// SPDX-License-Identifier: Apache-2.0

/// How many deliveries may be unsettled: few on a new connection, then twice as many each time as many were
/// acknowledged, up to a limit.
///
/// Whatever was delivered to a process that dies was returned once more, also what waited behind the message that it died
/// of, or that no handler was given yet; and what is returned too often becomes a dead letter. A window that grows with
/// what was acknowledged bounds that: however often the process dies, a message is delivered in vain about three times.
struct PrefetchWindow {
    /// How many deliveries may be unsettled now.
    private(set) var size: Int
    private let most: Int
    private var acknowledged = 0

    /// - Parameters:
    ///   - first: from 1.
    ///   - most: from 1.
    init(first: Int, most: Int) {
        self.most = max(1, most)
        size = min(max(1, first), self.most)
    }

    /// Whether so much was acknowledged that ``widen()`` is due.
    var isDue: Bool { size < most && acknowledged >= size }

    /// A delivery was acknowledged.
    mutating func acknowledge() { acknowledged += 1 }

    mutating func widen() {
        size = min(size * 2, most)
        acknowledged = 0
    }
}
