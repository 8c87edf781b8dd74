// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import Hummingbird

/// A request that is refused before any flow sees it: 400, 413 if it is too large, 408 if it does not arrive in time.
struct InputRefused: Error {
    var status: HTTPResponse.Status = .badRequest
    var refusals: [Refusal]

    /// A body that is no JSON object in UTF-8 (D18).
    static let malformed = InputRefused(
        refusals: [Refusal(.invalid, "The body must be a JSON object in UTF-8.")])

    /// A body that has not arrived in time.
    static let tooSlow = InputRefused(status: .requestTimeout, refusals: [])

    /// A body above the limit.
    static func tooLarge(limit: Int) -> InputRefused {
        InputRefused(
            status: .contentTooLarge,
            refusals: [Refusal(.maxLength, "The body may have at most \(limit) bytes.")])
    }
}
