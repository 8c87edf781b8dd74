// SPDX-License-Identifier: Apache-2.0
import AuthSignals

typealias SampleSignals = SignalSamples

extension SignalSamples {
    /// The outbox row of a signal, always with the same id, time and sequence.
    static func row(
        of signal: any Signal, profile: PayloadProfile = .standard, sequence: Int64 = 12_345
    ) throws -> OutboxRow {
        let draft = try codec(profile).draft(signal, at: time, id: id(0xBB))
        return OutboxRow(sequence: sequence, draft: draft)
    }

    static func message(
        of signal: any Signal, profile: PayloadProfile = .standard
    ) throws -> SignalMessage {
        try codec(profile).message(for: row(of: signal, profile: profile))
    }

    static func codec(_ profile: PayloadProfile = .standard) -> SignalCodec {
        SignalCodec(source: "https://accounts.example.org", profile: profile)
    }
}
