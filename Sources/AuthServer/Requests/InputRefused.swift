// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import Hummingbird

/// A request that is refused before a flow runs: 400, 413 if it is too large, 408 if it does not arrive in time.
struct InputRefused: Error {
    var status: HTTPResponse.Status = .badRequest
    var refusals: [Refusal]

    /// A body that is not a JSON object in UTF-8. allauth returns an empty 400; here the body has the API's error
    /// format, so that the client can read the reason.
    static let malformed = InputRefused(
        refusals: [Refusal(.invalid, "The body must be a JSON object in UTF-8.")])

    /// A body that did not arrive in time.
    static let tooSlow = InputRefused(status: .requestTimeout, refusals: [])

    /// A body above the limit.
    static func tooLarge(limit: Int) -> InputRefused {
        InputRefused(
            status: .contentTooLarge,
            refusals: [Refusal(.maxLength, "The body may have at most \(limit) bytes.")])
    }
}
