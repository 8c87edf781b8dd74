// SPDX-License-Identifier: Apache-2.0
package import AuthSignals

/// What scenarios are replayed against: the routes over a store in memory, or processes with a broker between
/// them.
package protocol ScenarioServer: Sendable {
    /// Calls the headless API as an app.
    ///
    /// - Parameters:
    ///   - path: below `/_allauth/app/v1`, with a slash before it.
    ///   - token: shown in `X-Session-Token`.
    func call(_ method: String, _ path: String, _ body: JSONValue?, token: String?) async throws
        -> (status: Int, body: JSONValue)

    /// What the newest mail says, once all mails are delivered; an empty text where it says no such thing.
    func newestMailed(_ part: ScenarioMailPart) async throws -> String

    /// Every signal since the start, in order, once there are that many at least.
    func signals(atLeast count: Int) async throws -> [ReplayedSignal]

    /// Every signal since the start, once nothing is under way any more.
    func allSignals() async throws -> [ReplayedSignal]
}

/// A part of a mail that a scenario's body asks for.
package enum ScenarioMailPart: String, CaseIterable, Sendable {
    case key = "{{the key in the newest mail's link}}"
    case code = "{{the code in the newest mail}}"
}
