// SPDX-License-Identifier: Apache-2.0

/// The prefetch of a consumer: small on a new connection, doubled each time as many deliveries were acknowledged, up to
/// a limit.
///
/// When a process crashes, all its deliveries are returned, including those behind the message that crashed it and
/// those that no handler has received yet; and a message that is returned too often is dead-lettered. A window that
/// grows with acknowledgements bounds that: however often the process crashes, a message is redelivered unhandled about
/// three times.
struct PrefetchWindow {
    /// The current prefetch.
    private(set) var size: Int
    private let most: Int
    private var acknowledged = 0

    /// - Parameters:
    ///   - first: The initial prefetch, from 1.
    ///   - most: The maximum prefetch, from 1.
    init(first: Int, most: Int) {
        self.most = max(1, most)
        size = min(max(1, first), self.most)
    }

    /// Whether enough was acknowledged to call ``widen()``.
    var isDue: Bool { size < most && acknowledged >= size }

    /// A delivery was acknowledged.
    mutating func acknowledge() { acknowledged += 1 }

    mutating func widen() {
        size = min(size * 2, most)
        acknowledged = 0
    }
}
