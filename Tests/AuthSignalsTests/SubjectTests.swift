// SPDX-License-Identifier: Apache-2.0
import Foundation
import Testing

@testable import AuthSignals

@Suite struct SubjectTests {
    private let upper = "0199F0B1-7C4E-7A5B-8C3D-1A2B3C4D5E6F"
    private var lower: String { upper.lowercased() }

    @Test func `converts a UUID to lower case and keeps any other text`() {
        #expect(upper.asSubject == lower)
        #expect(lower.asSubject == lower)
        #expect("0199f0b1-7C4E-7a5b-8c3d-1a2b3c4d5e6f".asSubject == lower)
        let others: [String] = [
            "", "A", "Ada", "INVOICE-0001", "\(upper)0", "{\(upper)}", upper.replacing("-", with: "A"),
            upper.replacing("F0", with: "G0"), String(upper.dropLast()), String(upper.dropLast(2)) + "Ä",
        ]
        for other in others { #expect(other.asSubject == other) }
        for _ in 0..<100 {
            let id = UUID()
            #expect(id.uuidString.asSubject == id.wireText)
        }
    }

    @Test func `a signal, its message, event and snapshot have the same subject in any letter case`()
        throws
    {
        struct Paid: Signal {
            static let name: SignalName = "billing.invoice_paid"
            var request = SignalRequest()
            var user: String
            var subject: String? { user }
            enum CodingKeys: String, CodingKey { case request, user }
        }
        let codec = SignalCodec(source: "https://accounts.example.org")
        let draft = try codec.draft(Paid(user: upper), at: Date())
        #expect(draft.subject == lower)
        var message = codec.message(for: OutboxRow(sequence: 1, draft: draft))
        #expect(message.subject == lower)
        #expect(try SignalCodec.event(from: message.body).subject == lower)

        // From another publisher.
        message.headers[SignalMessage.HeaderName.subject] = .string(upper)
        #expect(message.subject == lower)
        let body = String(decoding: message.body, as: UTF8.self)
        let foreign = Data(body.replacing(#""subject":"\#(lower)""#, with: #""subject":"\#(upper)""#).utf8)
        #expect(try SignalCodec.event(from: foreign).subject == lower)

        let user = UserSnapshot(
            id: upper, email: nil, username: nil, isActive: true, dateJoined: Date(), lastLogin: nil)
        #expect(user.id == lower)
        let encoded = String(decoding: try SignalCodec.encoder().encode(user), as: UTF8.self)
        let decoded = try SignalCodec.decoder().decode(
            UserSnapshot.self, from: Data(encoded.replacing(lower, with: upper).utf8))
        #expect(decoded.id == lower)
    }
}
