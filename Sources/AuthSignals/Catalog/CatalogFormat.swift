// SPDX-License-Identifier: Apache-2.0
import Foundation

/// A form in which the catalogue of signals is printed.
public struct CatalogFormat: RawRepresentable, Hashable, Sendable, CaseIterable {
    public let rawValue: String

    /// Nil for a form that is not known.
    public init?(rawValue: String) {
        guard Self.allCases.contains(where: { $0.rawValue == rawValue }) else { return nil }
        self.rawValue = rawValue
    }

    private init(_ rawValue: String) { self.rawValue = rawValue }

    /// Columns for a terminal.
    public static let table = CatalogFormat("table")
    /// A page: what there is, and every member.
    public static let markdown = CatalogFormat("markdown")
    /// One object with the JSON Schema 2020-12 of each signal's `data` under its name.
    public static let jsonSchema = CatalogFormat("json-schema")
    /// An AsyncAPI 3.0 document in JSON.
    public static let asyncAPI = CatalogFormat("asyncapi")

    public static let allCases: [CatalogFormat] = [.table, .markdown, .jsonSchema, .asyncAPI]
}

extension SignalCatalog {
    /// The catalogue as text, with a line feed at its end.
    ///
    /// - Parameters:
    ///   - signals: an application adds its own: `SignalCatalog.all + [InvoicePaid.self]`.
    ///   - schemaBase: what `dataschema` begins with, for the `$id` of schemas; they have none without it.
    ///   - exchange: the topic exchange, for AsyncAPI.
    /// - Throws: ``SignalError`` with code ``SignalError/Code/notDescribable``.
    public static func text(
        of signals: [any Signal.Type] = SignalCatalog.all, as format: CatalogFormat,
        schemaBase: String? = nil, exchange: String = "auth.signals"
    ) throws(SignalError) -> String {
        var schemas: [SignalSchema] = []
        for signal in signals { schemas.append(try SignalSchema(of: signal)) }
        return switch format {
        case .markdown: CatalogMarkdown(schemas: schemas).text
        case .jsonSchema:
            prettyText(
                .object(
                    Dictionary(
                        schemas.map { ($0.name.rawValue, $0.document(schemaBase: schemaBase)) },
                        uniquingKeysWith: { first, _ in first })))
        case .asyncAPI: prettyText(CatalogAsyncAPI(schemas: schemas, exchange: exchange).document)
        default: CatalogTable(schemas: schemas).text
        }
    }

    private static func prettyText(_ value: JSONValue) -> String {
        let encoder = SignalCodec.encoder()
        encoder.outputFormatting.insert(.prettyPrinted)
        // Texts, numbers and booleans only: it always encodes.
        return String(decoding: (try? encoder.encode(value)) ?? .init(), as: UTF8.self) + "\n"
    }
}
