// SPDX-License-Identifier: Apache-2.0
import Foundation

/// An output format of the signal catalogue.
public struct CatalogFormat: RawRepresentable, Hashable, Sendable, CaseIterable {
    public let rawValue: String

    /// Nil for an unknown format.
    public init?(rawValue: String) {
        guard Self.allCases.contains(where: { $0.rawValue == rawValue }) else { return nil }
        self.rawValue = rawValue
    }

    private init(_ rawValue: String) { self.rawValue = rawValue }

    /// Aligned columns for a terminal.
    public static let table = CatalogFormat("table")
    /// A Markdown page: an overview table, then every member of every signal.
    public static let markdown = CatalogFormat("markdown")
    /// One object with the JSON Schema 2020-12 of each signal's `data` under its name.
    public static let jsonSchema = CatalogFormat("json-schema")
    /// An AsyncAPI 3.0 document in JSON.
    public static let asyncAPI = CatalogFormat("asyncapi")

    public static let allCases: [CatalogFormat] = [.table, .markdown, .jsonSchema, .asyncAPI]
}

extension SignalCatalog {
    /// The catalogue of the given signals as text, with a line feed at its end.
    ///
    /// - Parameters:
    ///   - signals: this package's signals by default.
    ///   - format: the format.
    ///   - schemaBase: the prefix of `dataschema`, used for the `$id` of schemas; without it they have no `$id`.
    ///   - exchange: the topic exchange, for AsyncAPI.
    /// - Throws: ``SignalError`` with code ``SignalError/Code/notDescribable``.
    public static func text(
        of signals: [any Signal.Type] = SignalCatalog.all, as format: CatalogFormat,
        schemaBase: String? = nil, exchange: String = "auth.signals"
    ) throws(SignalError) -> String {
        var schemas: [SignalSchema] = []
        for signal in signals { schemas.append(try SignalSchema(of: signal)) }
        return SignalCatalog(schemas: schemas).text(as: format, schemaBase: schemaBase, exchange: exchange)
    }

    /// The catalogue as text, with a line feed at its end.
    ///
    /// - Parameters:
    ///   - format: the format.
    ///   - schemaBase: the prefix of `dataschema`, used for the `$id` of schemas; without it they have no `$id`.
    ///   - exchange: the topic exchange, for AsyncAPI.
    public func text(
        as format: CatalogFormat, schemaBase: String? = nil, exchange: String = "auth.signals"
    ) -> String {
        switch format {
        case .markdown: CatalogMarkdown(schemas: schemas).text
        case .jsonSchema:
            Self.prettyText(
                .object(
                    Dictionary(
                        schemas.map { ($0.name.rawValue, $0.document(schemaBase: schemaBase)) },
                        uniquingKeysWith: { first, _ in first })))
        case .asyncAPI: Self.prettyText(asyncAPI(exchange: exchange))
        default: CatalogTable(schemas: schemas).text
        }
    }

    /// The catalogue as an AsyncAPI 3.0 document.
    ///
    /// - Parameter exchange: the topic exchange to which the signals are published.
    public func asyncAPI(exchange: String = "auth.signals") -> JSONValue {
        CatalogAsyncAPI(schemas: schemas, exchange: exchange).document
    }

    /// A document as indented JSON with sorted members and a line feed at its end.
    static func prettyText(_ value: JSONValue) -> String {
        let encoder = SignalCodec.encoder()
        encoder.outputFormatting.insert(.prettyPrinted)
        // The value holds only strings, numbers and booleans, so encoding cannot fail.
        return String(decoding: (try? encoder.encode(value)) ?? .init(), as: UTF8.self) + "\n"
    }
}
