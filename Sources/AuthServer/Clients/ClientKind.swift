// SPDX-License-Identifier: Apache-2.0
import AuthSignals

/// Who speaks to the API, as its paths say: `/_allauth/{client}/v1/…`.
enum ClientKind: String, CaseIterable, Sendable {
    /// Holds its session token itself and shows it in `X-Session-Token`; cookies are ignored.
    case app
    /// Holds its session in a cookie and proves with `X-CSRFToken` that a request is its own.
    case browser

    /// As signals tell of it.
    var client: AuthSignals.RequestContext.Client { self == .app ? .app : .browser }
}
