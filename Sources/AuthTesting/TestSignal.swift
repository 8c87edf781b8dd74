// SPDX-License-Identifier: Apache-2.0
public import AuthSignals
public import Foundation

/// A signal for tests in which the content does not matter.
public struct TestSignal: Signal, Equatable {
    public static let name: SignalName = "testing.happened"
    public var request: SignalRequest
    public var number: Int
    public var subject: String?

    private enum CodingKeys: String, CodingKey { case request, number }

    public init(number: Int, subject: String? = nil, request: SignalRequest = SignalRequest()) {
        self.number = number
        self.subject = subject
        self.request = request
    }
}

extension SignalDraft {
    /// A draft for tests in which the content does not matter.
    public static func test(
        _ number: Int = 1, name: SignalName = TestSignal.name, subject: String? = nil, id: UUID = .version7(),
        at time: Date = Date(timeIntervalSince1970: 1_795_420_800)
    ) -> SignalDraft {
        let request = SignalRequest()
        let data = #"{"number":\#(number),"request":{"client":"library","id":"\#(request.id.wireText)"}}"#
        return SignalDraft(
            id: id, name: name, subject: subject, time: time, correlationID: request.id, data: Data(data.utf8)
        )
    }
}

extension SignalMessage {
    /// A message for tests in which the content does not matter, as a relay publishes it.
    public static func test(
        _ number: Int = 1, name: SignalName = TestSignal.name, subject: String? = nil, id: UUID = .version7()
    ) -> SignalMessage {
        SignalCodec(source: "https://accounts.example.org").message(
            for: OutboxRow(
                sequence: Int64(number), draft: .test(number, name: name, subject: subject, id: id)))
    }
}
