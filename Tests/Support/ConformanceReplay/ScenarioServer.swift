// SPDX-License-Identifier: Apache-2.0
package import AuthSignals

/// A server to replay scenarios against: the routes with an in-memory store, or processes with a broker between them.
package protocol ScenarioServer: Sendable {
    /// Calls the headless API as an app client.
    ///
    /// - Parameters:
    ///   - path: the path below `/_allauth/app/v1`, with a leading slash.
    ///   - token: the value of the `X-Session-Token` header.
    func call(_ method: String, _ path: String, _ body: JSONValue?, token: String?) async throws
        -> (status: Int, body: JSONValue)

    /// The key or code in the newest mail, once all mails are delivered; empty if the mail does not contain it.
    func newestMailed(_ part: ScenarioMailPart) async throws -> String

    /// Every signal since the start, in order, once at least `count` were emitted.
    func signals(atLeast count: Int) async throws -> [ReplayedSignal]

    /// Every signal since the start, once none is in flight.
    func allSignals() async throws -> [ReplayedSignal]
}

/// A placeholder in a scenario's body for a part of a mail.
package enum ScenarioMailPart: String, CaseIterable, Sendable {
    case key = "{{the key in the newest mail's link}}"
    case code = "{{the code in the newest mail}}"
}
