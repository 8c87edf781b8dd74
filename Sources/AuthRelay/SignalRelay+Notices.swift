// SPDX-License-Identifier: Apache-2.0
import AuthSignals
import Logging

extension SignalRelay {
    /// Counts and logs: names and ids, never an address or a payload.
    func tell(_ notice: RelayNotice) {
        metrics.count(notice)
        switch notice {
        case .confirmed(let count): logger.debug("confirmed", metadata: ["count": "\(count)"])
        case .unrouted(let name, let id):
            let metadata: Logger.Metadata = ["signal": "\(name)", "id": "\(id.wireText)"]
            if configuration.required.contains(name) {
                logger.error("no queue is bound for a required signal", metadata: metadata)
            } else {
                logger.debug("no queue is bound", metadata: metadata)
            }
        case .nacked(let name, let id, let delay):
            logger.warning(
                "the broker did not store a signal; it is sent again",
                metadata: ["signal": "\(name)", "id": "\(id.wireText)", "in": "\(delay)"])
        case .parked(let name, let id, let reason):
            logger.error(
                "the broker refuses a signal for good",
                metadata: ["signal": "\(name)", "id": "\(id.wireText)", "reason": "\(reason)"])
        case .unknown(let count):
            logger.warning(
                "the broker has not answered for all signals; they are sent again",
                metadata: ["count": "\(count)"])
        case .republished(let count):
            logger.info("signals were sent again", metadata: ["count": "\(count)"])
        }
    }
}
