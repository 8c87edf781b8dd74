// SPDX-License-Identifier: Apache-2.0
package import AuthSignals
import Foundation

/// What the trials' writers emit: it says nothing but whom it is about.
package struct TrialHappened: Signal {
    package static let name: SignalName = "trial.happened"
    package static let summary = "something happened in a trial"
    package var request: RequestContext
    package var number: Int
    package var subject: String?

    private enum CodingKeys: String, CodingKey { case request, number, subject }

    package init(number: Int, subject: String?, request: RequestContext = RequestContext()) {
        self.number = number
        self.subject = subject
        self.request = request
    }
}

/// What all processes of one trial agree on.
package enum TrialCodec {
    package static let source = "http://accounts.test"
    package static let secret = "a secret that keeps nothing but trials apart"
    package static var codec: SignalCodec { SignalCodec(source: source) }
}

/// Random numbers that come again with the same seed (SplitMix64: Steele, Lea, Flood 2014).
package struct SeededGenerator: RandomNumberGenerator, Sendable {
    private var state: UInt64

    package init(seed: UInt64) { state = seed }

    package mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
