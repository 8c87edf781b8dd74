// SPDX-License-Identifier: Apache-2.0

/// Redacts members of a signal's data, for logs and terminals: those that are ``Personal`` in the signals it knows.
///
/// Members are redacted by their name, at any depth and in any signal, so that a signal of another application does not
/// show an address either. An application with its own signals adds them:
///
/// ```swift
/// let redaction = try Redaction(adding: [InvoicePaid.self])
/// let data = redaction.redact(try event.json())
/// logger.info("received", metadata: ["data": "\(data)"])
/// ```
public struct Redaction: Sendable {
    /// What a redacted member is replaced by.
    static let mark = "…"

    /// Members that are not personal, since the `thin` profile needs them, but are not for logs either: a sealed token,
    /// and the user's id at a provider.
    private static let notForLogs: Set<String> = ["token", "uid"]

    /// The names of redacted members.
    private let names: Set<String>

    /// Redacts the personal members of this package's signals.
    public static let catalog = Redaction(
        names: SignalCatalog.all.reduce(into: notForLogs) { names, signal in
            // The schemas of the catalogue can always be derived, which is tested.
            names.formUnion((try? SignalSchema(of: signal).personalNames) ?? [])
        })

    private init(names: Set<String>) { self.names = names }

    /// Redacts the personal members of this package's signals and of these.
    ///
    /// - Throws: ``SignalError`` with code ``SignalError/Code/notDescribable``, as ``SignalSchema/init(of:)``.
    public init(adding signals: [any Signal.Type]) throws(SignalError) {
        var names = Self.catalog.names
        for signal in signals { names.formUnion(try SignalSchema(of: signal).personalNames) }
        self.names = names
    }

    /// Redacts the personal members of a catalogue's signals.
    public init(of catalog: SignalCatalog) {
        names = catalog.schemas.reduce(into: Self.catalog.names) { $0.formUnion($1.personalNames) }
    }

    /// The value with redacted members replaced by `…`, at any depth. Null is kept.
    public func redact(_ value: JSONValue) -> JSONValue {
        switch value {
        case .object, .objectOfMembers:
            return value.changingMembers { member in
                names.contains(member.name) && member.value != .null
                    ? .string(Self.mark) : redact(member.value)
            }
        case .array(let elements): return .array(elements.map(redact))
        default: return value
        }
    }
}
