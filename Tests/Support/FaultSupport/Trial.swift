// SPDX-License-Identifier: Apache-2.0
package import AuthSignals
import Foundation

/// The signal that the trials' writers emit; it contains only a number and a subject.
package struct TrialHappened: Signal {
    package static let name: SignalName = "trial.happened"
    package static let summary = "something happened in a trial"
    package var request: SignalRequest
    package var number: Int
    package var subject: String?

    private enum CodingKeys: String, CodingKey { case request, number, subject }

    package init(number: Int, subject: String?, request: SignalRequest = SignalRequest()) {
        self.number = number
        self.subject = subject
        self.request = request
    }
}

/// The codec settings that all processes of a trial share.
package enum TrialCodec {
    package static let source = "http://accounts.test"
    package static let secret = "a secret that keeps nothing but trials apart"
    package static var codec: SignalCodec { SignalCodec(source: source) }
}
