// SPDX-License-Identifier: Apache-2.0

/// Marks a member of a signal, or of a value within one, as personal data.
///
/// The mark is the only declaration. From it follow:
///
/// - encoding: the member is absent in the `thin` profile (``PayloadProfile``);
/// - the schema: the member has `x-personal` (``SignalSchema``);
/// - redaction: ``Redaction`` replaces the member by `…`, and so does printing a value that contains it.
///
/// ```swift
/// @Personal var payer: String?
/// ```
///
/// The member is optional, since it may be absent. A type with its own `encode(to:)` encodes the wrapper, `_payer`, not
/// its value.
@propertyWrapper
public struct Personal<Value: Codable & Sendable>: Sendable {
    public var wrappedValue: Value?

    public init(wrappedValue: Value?) { self.wrappedValue = wrappedValue }
}

extension Personal: Equatable where Value: Equatable {}
extension Personal: Hashable where Value: Hashable {}

extension Personal: Codable {
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        wrappedValue = container.decodeNil() ? nil : try container.decode(Value.self)
    }

    /// Writes null instead of the value in the `thin` profile; as a member of a type it is omitted.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(PayloadProfile.current.carriesPersonalData ? wrappedValue : nil)
    }
}

// The compiler's implementations of `Codable` call these overloads for members with the wrapper.

extension KeyedDecodingContainer {
    /// Decodes a personal member; absent and null are nil.
    public func decode<Value>(_ type: Personal<Value>.Type, forKey key: Key) throws -> Personal<Value> {
        try decodeIfPresent(type, forKey: key) ?? Personal(wrappedValue: nil)
    }
}

extension KeyedEncodingContainer {
    /// Encodes a personal member, unless it is nil or the profile is `thin`.
    public mutating func encode<Value>(_ member: Personal<Value>, forKey key: Key) throws {
        guard PayloadProfile.current.carriesPersonalData else { return }
        try encodeIfPresent(member.wrappedValue, forKey: key)
    }
}

extension Personal: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    public var description: String { wrappedValue == nil ? "nil" : Redaction.mark }
    public var debugDescription: String { description }
    public var customMirror: Mirror { Mirror(self, children: []) }
}
