// SPDX-License-Identifier: Apache-2.0
import Configuration
import Synchronization

/// Records the access events that Configuration would log.
final class AccessRecorder: AccessReporter {
    private let recorded = Mutex<[AccessEvent]>([])

    var events: [AccessEvent] { recorded.withLock { $0 } }

    func report(_ event: AccessEvent) { recorded.withLock { $0.append(event) } }
}
