// SPDX-License-Identifier: Apache-2.0
import AuthSignals

/// The kind of API client, as in the path: `/_allauth/{client}/v1/…`.
enum ClientKind: String, CaseIterable, Sendable {
    /// Stores its session token itself and sends it in `X-Session-Token`; cookies are ignored.
    case app
    /// Has its session in a cookie and sends `X-CSRFToken` with requests that change something.
    case browser

    /// The value in signals.
    var client: AuthSignals.SignalRequest.Client { self == .app ? .app : .browser }
}
