// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import Hummingbird
import Logging

extension APIResponse {
    /// The response to a request that failed; errors that the client did not cause are logged.
    ///
    /// - Throws: `CancellationError` if that was the error, since the client no longer waits for a response.
    init(failure error: any Error, _ logger: Logger) throws {
        switch error {
        case let refused as InputRefused: self.init(refused)
        case let failure as any TemporaryFailure where failure.secondsUntilRetry != nil:
            logger.warning("flow temporarily unavailable", metadata: Self.kind(of: failure, key: "reason"))
            self.init(.serviceUnavailable)
            retryAfter = failure.secondsUntilRetry
        case is CancellationError where CallerPresence.current?.isGone ?? false:
            // The password was not hashed. A client that has only closed its sending side still reads this response.
            self.init(.serviceUnavailable)
            retryAfter = 1
        case let cancelled as CancellationError: throw cancelled
        default:
            // The text of an error may contain an e-mail address, so it is logged at debug level only.
            logger.error("flow failed", metadata: Self.kind(of: error, key: "error"))
            logger.debug("flow failed", metadata: ["error": "\(error)"])
            self.init(.internalServerError)
        }
    }

    /// What is logged of an error: its type, and its code if it has one.
    private static func kind(of error: any Error, key: String) -> Logger.Metadata {
        var metadata: Logger.Metadata = [key: "\(type(of: error))"]
        if let code = (error as? any CodedFailure)?.logCode { metadata["code"] = "\(code)" }
        return metadata
    }
}
