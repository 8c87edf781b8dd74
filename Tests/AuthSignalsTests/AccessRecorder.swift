// SPDX-License-Identifier: Apache-2.0
import Configuration
import Synchronization

/// Keeps what Configuration would log of each access.
final class AccessRecorder: AccessReporter {
    private let recorded = Mutex<[AccessEvent]>([])

    var events: [AccessEvent] { recorded.withLock { $0 } }

    func report(_ event: AccessEvent) { recorded.withLock { $0.append(event) } }
}
