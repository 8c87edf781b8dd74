// SPDX-License-Identifier: Apache-2.0
public import Foundation
import Tracing

/// Encodes signals to messages and decodes message bodies to events.
///
/// A signal is encoded once, when it is emitted (``draft(_:at:id:)``). Its body is composed around those bytes when it
/// is published (``message(for:)``), since the outbox assigns its `sequence`.
public struct SignalCodec: Sendable {
    /// The absolute URI of this installation: `SIGNALS_SOURCE`.
    public let source: String
    /// The prefix of `dataschema`: `SIGNALS_SCHEMA_BASE`.
    public let schemaBase: String
    /// The AMQP `app-id`: `SIGNALS_APP_ID`, by default the host part of `source`.
    public let appID: String
    /// How much personal data a payload contains: `SIGNALS_PAYLOAD`.
    public let profile: PayloadProfile
    /// Seals providers' tokens: `SIGNALS_TOKEN_KEYS`; if nil, no signal contains a token.
    public let tokenSealer: (any TokenSealer)?

    /// The bytes of a body that are the same for every signal: `source` up to the value of `type`, and
    /// `datacontenttype` up to the signal's name in `dataschema`.
    private let writtenSource: [UInt8]
    private let writtenSchemaBase: [UInt8]
    /// Whether source and schema base are absolute URIs, as CloudEvents requires.
    private let isAddressable: Bool

    /// The largest body, in bytes.
    public static let largestBody = 64 * 1024
    /// The AMQP `content-type` of a message.
    public static let contentType = "application/cloudevents+json"

    /// - Parameters:
    ///   - source: `SIGNALS_SOURCE`: the absolute URI of the installation.
    ///   - schemaBase: `<source>/schemas` if nil.
    ///   - appID: the host part of `source` if nil.
    ///   - profile: which members signals contain.
    ///   - tokenSealer: seals providers' tokens; nil: signals contain none.
    public init(
        source: String, schemaBase: String? = nil, appID: String? = nil, profile: PayloadProfile = .standard,
        tokenSealer: (any TokenSealer)? = nil
    ) {
        self.source = source
        self.schemaBase = schemaBase ?? (source.hasSuffix("/") ? source + "schemas" : source + "/schemas")
        self.appID = appID ?? URL(string: source)?.host() ?? "auth-signals"
        self.profile = profile
        self.tokenSealer = tokenSealer
        writtenSource = Array(#"","source":\#(Self.quoted(source)),"type":""#.utf8)
        // Without the closing quote: the signal's name and version follow.
        let base = Self.quoted(self.schemaBase).dropLast()
        writtenSchemaBase = Array(#"","datacontenttype":"application/json","dataschema":\#(base)/"#.utf8)
        isAddressable = EventReader.isURI(source) && EventReader.isURI(self.schemaBase)
    }

    // MARK: Emitting

    /// Encodes a signal for the outbox.
    ///
    /// - Throws: ``SignalError``: `tooLarge` if the body would exceed ``largestBody`` even with `extra_data` trimmed;
    ///   `notEncodable` if a member cannot be written as JSON, or if the source or the schema base is not an absolute
    ///   URI, since readers would reject such an event.
    public func draft(
        _ signal: some Signal, at time: Date, id: UUID? = nil
    ) throws(SignalError) -> SignalDraft {
        guard isAddressable else {
            throw SignalError(.notEncodable, "the codec's source and schema base must be absolute URIs")
        }
        let encoder = Self.encoder()
        // A sealed token is bound to its event, so the event's id is needed first.
        let id = id ?? .version7(at: time)
        if let tokenSealer { encoder.userInfo[.tokenTreatment] = TokenTreatment.seal(tokenSealer, id) }
        let data: Data
        do {
            data = try PayloadProfile.$current.withValue(profile) { try Self.bytes(of: signal, encoder) }
        } catch let error as SignalError {
            throw error
        } catch {
            // The encoder's own error text may quote a value.
            throw SignalError(
                .notEncodable,
                "\(type(of: signal).name) has a member that is not a JSON value: a number that is not finite, "
                    + "or more than \(JSONValue.largestDepth) levels")
        }
        guard data.first == UInt8(ascii: "{") else {
            throw SignalError(
                .notEncodable, "\(type(of: signal).name) does not encode as an object with named members")
        }
        // One level less, since the body is an object around the data.
        guard (try? StrictJSON.validate(data, maximumDepth: EventReader.maximumDepth - 1)) != nil else {
            throw SignalError(
                .notEncodable,
                "\(type(of: signal).name) is nested more than \(JSONValue.largestDepth) levels deep")
        }
        var draft = SignalDraft(
            id: id, name: type(of: signal).name,
            schemaVersion: type(of: signal).schemaVersion, subject: signal.subject,
            time: time.wholeMilliseconds, correlationID: signal.request.id, trace: Self.currentTrace(),
            data: data)
        let overhead = message(for: OutboxRow(sequence: 0, draft: draft)).body.count - data.count
        if data.count + overhead > Self.largestBody {
            draft.data = try ExtraDataTrimming.trim(
                data, to: Self.largestBody - overhead, name: draft.name)
        }
        return draft
    }

    // MARK: Publishing

    /// The message of a committed signal: the same bytes every time it is published. An empty subject is omitted, since
    /// CloudEvents does not allow one.
    public func message(for row: OutboxRow) -> SignalMessage {
        var draft = row.draft
        if draft.subject?.isEmpty == true { draft.subject = nil }
        // Most signals have no trace context, and mapping an empty dictionary allocates memory.
        var headers: [String: SignalMessage.HeaderValue] =
            draft.trace.isEmpty ? [:] : draft.trace.mapValues { .string($0) }
        if let subject = draft.subject { headers[SignalMessage.HeaderName.subject] = .string(subject) }
        let (id, correlationID) = (draft.id.wireText, draft.correlationID.wireText)
        return SignalMessage(
            routingKey: draft.name.rawValue, messageID: id, correlationID: correlationID,
            type: draft.name.rawValue, contentType: Self.contentType,
            timestamp: Date(timeIntervalSince1970: draft.time.timeIntervalSince1970.rounded(.down)),
            appID: appID, headers: headers,
            body: body(for: draft, id: id, correlationID: correlationID, sequence: row.sequence))
    }

    /// The event of a signal that has no sequence number yet, as an in-process receiver gets it.
    ///
    /// - Throws: ``SignalError``, which cannot occur for a draft of this codec.
    public func event(for draft: SignalDraft) throws(SignalError) -> SignalEvent {
        var draft = draft
        if draft.subject?.isEmpty == true { draft.subject = nil }
        return try Self.event(
            from: body(
                for: draft, id: draft.id.wireText, correlationID: draft.correlationID.wireText, sequence: nil)
        )
    }

    private func body(
        for draft: SignalDraft, id: String, correlationID: String, sequence: Int64?
    ) -> Data {
        // Bytes rather than a String, which would validate every piece.
        var body: [UInt8] = []
        body.reserveCapacity(draft.data.count + 640)
        body.append(contentsOf: #"{"specversion":"1.0","id":""#.utf8)
        body.append(contentsOf: id.utf8)
        body.append(contentsOf: writtenSource)
        body.append(contentsOf: draft.name.rawValue.utf8)
        if let subject = draft.subject {
            body.append(contentsOf: #"","subject":"#.utf8)
            body.append(contentsOf: Self.quoted(subject).utf8)
        } else {
            body.append(UInt8(ascii: "\""))
        }
        body.append(contentsOf: #","time":""#.utf8)
        body.append(contentsOf: draft.time.wireText.utf8)
        body.append(contentsOf: writtenSchemaBase)
        body.append(contentsOf: draft.name.rawValue.utf8)
        body.append(UInt8(ascii: "/"))
        body.append(contentsOf: String(draft.schemaVersion).utf8)
        if let sequence {
            body.append(contentsOf: #"","sequence":""#.utf8)
            let digits = String(sequence)
            body.append(contentsOf: repeatElement(UInt8(ascii: "0"), count: max(0, 20 - digits.utf8.count)))
            body.append(contentsOf: digits.utf8)
        }
        body.append(contentsOf: #"","correlationid":""#.utf8)
        body.append(contentsOf: correlationID.utf8)
        body.append(contentsOf: #"","data":"#.utf8)
        body.append(contentsOf: draft.data)
        body.append(UInt8(ascii: "}"))
        return Data(body)
    }

    private static func quoted(_ text: String) -> String {
        let isPlain = text.utf8.allSatisfy { byte in
            (0x20...0x7E).contains(byte) && byte != UInt8(ascii: "\"") && byte != UInt8(ascii: "\\")
        }
        if isPlain { return "\"\(text)\"" }
        // Encoding a String cannot fail; JSONEncoder knows which characters need escaping.
        return String(decoding: (try? encoder().encode(text)) ?? Data("\"\"".utf8), as: UTF8.self)
    }

    private static func currentTrace() -> [String: String] {
        guard let context = ServiceContext.current else { return [:] }
        var carrier: [String: String] = [:]
        InstrumentationSystem.instrument.inject(context, into: &carrier, using: TraceInjector())
        return carrier.filter {
            $0.key == SignalMessage.HeaderName.traceparent || $0.key == SignalMessage.HeaderName.tracestate
        }
    }

    private struct TraceInjector: Injector {
        func inject(_ value: String, forKey key: String, into carrier: inout [String: String]) {
            carrier[key] = value
        }
    }

    // MARK: Receiving

    /// Reads the event from a message's body.
    ///
    /// - Throws: ``SignalError`` with code ``SignalError/Code/malformed`` unless the body is RFC 8259 JSON that every
    ///   parser reads alike, at most ``JSONValue/largestDepth`` levels deep, and a CloudEvents 1.0 event. The message
    ///   names the error and quotes no value.
    public static func event(from body: Data) throws(SignalError) -> SignalEvent {
        guard body.count <= largestBody * 16 else {
            throw SignalError(.malformed, "the body has \(body.count) bytes")
        }
        return try EventReader.event(of: body)
    }

    /// - Parameter place: the byte range of the data, if known: then the body is not parsed again.
    static func decode<S: Signal>(
        _ type: S.Type, from body: Data, at place: Range<Int>?
    ) throws(SignalError) -> S {
        if let place {
            let data = body[body.startIndex + place.lowerBound..<body.startIndex + place.upperBound]
            if let signal = DataDecoder.decode(S.self, from: data) { return signal }
            if let signal = try? sharedDecoder.decode(S.self, from: data) { return signal }
        }
        do {
            return try sharedDecoder.decode(DataMember<S>.self, from: body).data
        } catch {
            throw SignalError(.wrongType, "the data is not a valid \(S.name): \(error.where)")
        }
    }

    static func decodeJSON(from body: Data) throws(SignalError) -> JSONValue {
        do {
            return try sharedDecoder.decode(DataMember<JSONValue>.self, from: body).data
        } catch {
            throw SignalError(.malformed, "the data is not JSON: \(error.where)")
        }
    }

    /// Shared, since it is never changed and creating one per message is expensive.
    private static let sharedDecoder = decoder()

    private struct DataMember<D: Decodable>: Decodable { var data: D }

    // MARK: JSON

    /// An encoder that writes JSON as the contract requires: sorted members, times in RFC 3339.
    public static func encoder() -> JSONEncoder {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        encoder.dateEncodingStrategy = .custom { date, encoder in
            var container = encoder.singleValueContainer()
            try container.encode(date.wireText)
        }
        return encoder
    }

    /// A value as the contract's JSON, including all members of its objects (``JSONValue/objectOfMembers(_:)``).
    package static func bytes(of value: some Encodable, _ encoder: JSONEncoder = encoder()) throws -> Data {
        WrappedObject.unwrap(try encoder.encode(value))
    }

    /// A decoder for JSON as the contract defines it.
    public static func decoder() -> JSONDecoder {
        let decoder = JSONDecoder()
        decoder.dateDecodingStrategy = .custom { decoder in
            let container = try decoder.singleValueContainer()
            guard let date = Date(wireText: try container.decode(String.self)) else {
                throw DecodingError.dataCorruptedError(
                    in: container, debugDescription: "not an RFC 3339 time")
            }
            return date
        }
        return decoder
    }
}

extension Error {
    /// Where decoding failed, without the value.
    fileprivate var `where`: String {
        guard let error = self as? DecodingError else { return "not readable" }
        func path(_ context: DecodingError.Context, _ last: (any CodingKey)? = nil) -> String {
            let keys = (context.codingPath + (last.map { [$0] } ?? [])).map(\.nameOfMember)
            return keys.isEmpty ? "the body" : keys.joined(separator: ".").cut(toUTF8Bytes: 120)
        }
        return switch error {
        case .keyNotFound(let key, let context): "\(path(context, key)) is missing"
        case .typeMismatch(_, let context): "\(path(context)) has the wrong type"
        case .valueNotFound(_, let context): "\(path(context)) is null"
        case .dataCorrupted(let context): "\(path(context)) is malformed"
        @unknown default: "not readable"
        }
    }
}

extension CodingKey {
    /// The member's name if a schema could contain it; other keys come from the payload and are not quoted.
    fileprivate var nameOfMember: String {
        let isPlain = stringValue.utf8.allSatisfy { byte in
            UInt8(ascii: "a")...UInt8(ascii: "z") ~= byte || UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte
                || byte == UInt8(ascii: "_")
        }
        return intValue.map(String.init) ?? (isPlain ? stringValue : "…")
    }
}
