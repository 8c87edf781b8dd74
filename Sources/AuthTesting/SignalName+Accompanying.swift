// SPDX-License-Identifier: Apache-2.0
package import AuthSignals

extension SignalName {
    /// Whether the signal only accompanies others in the flows, and allauth's account signals do not include it.
    ///
    /// Most tests of flows list allauth's signals in order and leave these out; the flow table and the tests of these
    /// signals list all.
    package var accompaniesOthers: Bool { Self.accompanying.contains(self) }

    /// The names of which ``accompaniesOthers`` is true.
    package static let accompanying = [
        LoginFailed.name, SignupCompleted.name, SessionClientChanged.name, SessionEnded.name,
    ]
}
