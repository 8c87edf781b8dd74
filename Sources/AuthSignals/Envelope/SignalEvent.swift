// SPDX-License-Identifier: Apache-2.0
public import Foundation

/// A received CloudEvents 1.0 event: its attributes, and its data as undecoded JSON.
public struct SignalEvent: Sendable {
    public var id: UUID
    /// The installation that emitted it; (`source`, `id`) is unique.
    public var source: String
    public var name: SignalName
    /// The person the signal is about, a UUID in lower case; nil if no user is known.
    public var subject: String?
    public var time: Date
    /// Strictly increasing in commit order within a source; nil if the sender did not set it.
    public var sequence: Int64?
    public var correlationID: String?
    public var dataSchema: String?
    /// The complete body it was read from.
    public var body: Data { didSet { dataPlace = nil } }
    /// The byte range of the data in ``body``, starting at 0; nil if unknown.
    var dataPlace: Range<Int>?

    public init(
        id: UUID, source: String, name: SignalName, subject: String?, time: Date, sequence: Int64?,
        correlationID: String?, dataSchema: String?, body: Data
    ) {
        self.id = id
        self.source = source
        self.name = name
        self.subject = subject?.asSubject
        self.time = time
        self.sequence = sequence
        self.correlationID = correlationID
        self.dataSchema = dataSchema
        self.body = body
    }

    /// The data as the signal's type. Unknown members are ignored.
    ///
    /// - Throws: ``SignalError`` with code ``SignalError/Code/wrongType`` if a required member is missing or has the
    ///   wrong type.
    public func decode<S: Signal>(_ type: S.Type = S.self) throws(SignalError) -> S {
        try SignalCodec.decode(type, from: body, at: dataPlace)
    }

    /// The data as plain JSON.
    ///
    /// - Throws: ``SignalError`` with code ``SignalError/Code/malformed``.
    public func json() throws(SignalError) -> JSONValue { try SignalCodec.decodeJSON(from: body) }
}
