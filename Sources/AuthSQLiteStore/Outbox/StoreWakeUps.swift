// SPDX-License-Identifier: Apache-2.0
import AuthStore
import Logging

/// Wakes loops when new rows exist: immediately for commits of this process; within 50 ms for commits of others, or
/// 10 ms while polls keep finding them (``PollPace``). Polls only while a loop listens (``DataVersionPoller``).
final class StoreWakeUps: Sendable {
    let outbox: WakeUp
    let mail: WakeUp
    private let watch: DataVersionPoller?

    /// - Parameter file: the store's file; nil if no other process can open it.
    init(file: String?, logger: Logger) {
        let watch = file.map { DataVersionPoller(file: $0, logger: logger) }
        let outbox = WakeUp(listening: { watch?.retain() }, ending: { watch?.release() })
        let mail = WakeUp(listening: { watch?.retain() }, ending: { watch?.release() })
        watch?.onCommit(wakes: { [weak outbox] in outbox?.count ?? 0 }) { [weak outbox, weak mail] in
            outbox?.wake()
            mail?.wake()
        }
        self.watch = watch
        self.outbox = outbox
        self.mail = mail
    }
}
