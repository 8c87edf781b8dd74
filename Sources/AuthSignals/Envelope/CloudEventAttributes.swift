// SPDX-License-Identifier: Apache-2.0
import Foundation

/// The context attributes of an event (CloudEvents 1.0, section 3), as they are read.
struct CloudEventAttributes: Decodable {
    var specversion: String
    var id: String
    var source: String
    var type: String
    var subject: String?
    var time: String
    var sequence: String?
    var correlationid: String?
    var dataschema: String?
    var data: Presence

    /// Says that there is an object, without reading it.
    struct Presence: Decodable {
        private enum None: CodingKey {}
        init(from decoder: any Decoder) throws { _ = try decoder.container(keyedBy: None.self) }
    }

    /// - Throws: ``SignalError`` with code ``SignalError/Code/malformed`` that names the attribute.
    func event(body: Data) throws(SignalError) -> SignalEvent {
        func malformed(_ what: String) -> SignalError { SignalError(.malformed, what) }
        guard specversion == "1.0" else { throw malformed("specversion is not 1.0") }
        guard let id = UUID(uuidString: id) else { throw malformed("id is no UUID") }
        guard !source.isEmpty else { throw malformed("source is empty") }
        guard let time = Date(wireText: time) else { throw malformed("time is no RFC 3339 time") }
        guard let name = try? SignalName(validating: type) else { throw malformed("type is no signal name") }
        var number: Int64?
        if let sequence {
            guard sequence.utf8.allSatisfy({ UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 }),
                let value = Int64(sequence)
            else { throw malformed("sequence is no number") }
            number = value
        }
        return SignalEvent(
            id: id, source: source, name: name, subject: subject, time: time, sequence: number,
            correlationID: correlationid, dataSchema: dataschema, body: body)
    }
}
