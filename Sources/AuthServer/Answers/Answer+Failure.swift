// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import Hummingbird
import Logging

extension Answer {
    /// What is answered where a request could not be handled; the log is told what is not the client's fault.
    ///
    /// - Throws: `CancellationError` where that was the error: nobody waits for an answer any more.
    init(failure error: any Error, _ logger: Logger) throws {
        switch error {
        case let refused as InputRefused: self.init(refused)
        case let failure as any TemporaryFailure where failure.secondsUntilRetry != nil:
            logger.warning("A flow cannot be done now", metadata: ["reason": "\(type(of: failure))"])
            self.init(.serviceUnavailable)
            retryAfter = failure.secondsUntilRetry
        case is CancellationError where CallerPresence.current?.isGone ?? false:
            // The password was not hashed; a client that has only closed its sending side reads this.
            self.init(.serviceUnavailable)
            retryAfter = 1
        case let cancelled as CancellationError: throw cancelled
        default:
            // The text of an error may hold an address: it is for debugging only.
            logger.error("A flow failed", metadata: ["error": "\(type(of: error))"])
            logger.debug("A flow failed", metadata: ["error": "\(error)"])
            self.init(.internalServerError)
        }
    }
}
