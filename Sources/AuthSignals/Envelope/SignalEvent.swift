// SPDX-License-Identifier: Apache-2.0
public import Foundation

/// A CloudEvents 1.0 event that has arrived: its attributes, and its data still as JSON.
public struct SignalEvent: Sendable {
    public var id: UUID
    /// The installation it comes from; (`source`, `id`) is unique.
    public var source: String
    public var name: SignalName
    /// Whom it is about, a UUID in lower case; nil where there is no user.
    public var subject: String?
    public var time: Date
    /// Strictly increasing in commit order within a source; nil where the sender gave none.
    public var sequence: Int64?
    public var correlationID: String?
    public var dataSchema: String?
    /// The whole body it was read from.
    public var body: Data { didSet { dataPlace = nil } }
    /// Where the data lies in ``body``, counted from its first byte; nil where nobody has looked.
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

    /// The data as the signal's type. Members that the type does not know are ignored.
    ///
    /// - Throws: ``SignalError`` with code ``SignalError/Code/wrongType`` where a required member is missing
    ///   or of another kind.
    public func decode<S: Signal>(_ type: S.Type = S.self) throws(SignalError) -> S {
        try SignalCodec.decode(type, from: body, at: dataPlace)
    }

    /// The data as plain JSON.
    ///
    /// - Throws: ``SignalError`` with code ``SignalError/Code/malformed``.
    public func json() throws(SignalError) -> JSONValue { try SignalCodec.decodeJSON(from: body) }
}
