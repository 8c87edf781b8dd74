// SPDX-License-Identifier: Apache-2.0
public import Foundation

/// A folder of documents that describe a catalogue's signals to subscribers in any language, written from the code
/// and committed beside it:
///
/// - `asyncapi.json`: all signals, as an AsyncAPI 3.0 document
/// - `schemas/NAME.VERSION.json`: the JSON Schema 2020-12 of each signal's `data`
/// - `examples/NAME.json`: the body of one message of each signal, exactly as it is published
///
/// A test compares the folder with the code, so that every change of the wire is seen in review. An application does
/// the same for its own signals:
///
/// ```swift
/// @Test func `the committed contract is the one of the code`() throws {
///     let folder = ContractFolder(url, of: try SignalCatalog(adding: [InvoicePaid.self]), schemaBase: codec.schemaBase)
///     #expect(try folder.breaches() == [])
///     #expect(try folder.staleFiles() == [])
/// }
/// ```
public struct ContractFolder: Sendable {
    public let url: URL
    /// What the folder should contain, by path.
    private let files: [String: Data]
    /// The schemas that ``breaches()`` compares, by path.
    private let schemas: [String: JSONValue]

    private static let asyncAPIFile = "asyncapi.json"
    private static let schemaFolder = "schemas"
    private static let exampleFolder = "examples"

    /// - Parameters:
    ///   - url: the folder, for example `docs/contract`; it need not exist.
    ///   - catalog: the signals.
    ///   - schemaBase: the prefix of `dataschema`, ``SignalCodec/schemaBase``; the schemas' `$id` begins with it.
    ///   - exchange: the topic exchange to which the signals are published.
    ///   - examples: the example messages, at most one for each signal, with ids and times that never change.
    public init(
        _ url: URL, of catalog: SignalCatalog, schemaBase: String, exchange: String = "auth.signals",
        examples: [SignalMessage] = []
    ) {
        self.url = url
        var files = [
            Self.asyncAPIFile: Data(catalog.text(as: .asyncAPI, exchange: exchange).utf8)
        ]
        var schemas: [String: JSONValue] = [:]
        for schema in catalog.schemas {
            let document = schema.document(schemaBase: schemaBase)
            let path = "\(Self.schemaFolder)/\(schema.name).\(schema.version).json"
            schemas[path] = document
            files[path] = Data(SignalCatalog.prettyText(document).utf8)
        }
        for example in examples {
            files["\(Self.exampleFolder)/\(example.routingKey).json"] = example.body
        }
        self.files = files
        self.schemas = schemas
    }

    /// The paths of the files that are missing, differ from the code, or describe something that the code does not
    /// have.
    ///
    /// - Throws: an error of Foundation if the folder cannot be read.
    public func staleFiles() throws -> [String] {
        let committed = try committedFiles()
        let stale = files.filter { path, content in
            !committed.contains(path) || (try? Data(contentsOf: file(path))) != content
        }
        return committed.subtracting(files.keys).union(stale.keys).sorted()
    }

    /// The changes of the code since the committed documents that break subscribers: of every schema, and of the
    /// event around the data. A signal that is new is compatible, and so is a folder that does not exist.
    ///
    /// - Throws: an error of Foundation if the folder or a file cannot be read or is not JSON.
    public func breaches() throws -> [SchemaBreach] {
        let committed = try committedFiles()
        var breaches: [SchemaBreach] = []
        if committed.contains(Self.asyncAPIFile) {
            let document = try json(Self.asyncAPIFile)
            let old = document["components"]?["schemas"]?["event"] ?? .null
            breaches += Self.breaches(of: "event", from: old, to: CatalogAsyncAPI.event)
        }
        for path in committed.sorted() where path.hasPrefix(Self.schemaFolder + "/") {
            let name = String(path.dropFirst(Self.schemaFolder.count + 1).dropLast(".json".count))
            if let new = schemas[path] {
                breaches += Self.breaches(of: name, from: try json(path), to: new)
            } else {
                breaches.append(SchemaBreach(schema: name, .signalRemoved))
            }
        }
        return breaches
    }

    /// Writes the documents, unless a change is incompatible.
    ///
    /// - Throws: ``SignalError`` with code ``SignalError/Code/incompatible`` if ``breaches()`` is not empty; nothing
    ///   is written then. An error of Foundation if a file cannot be read or written.
    public func write() throws {
        let breaches = try breaches()
        guard breaches.isEmpty else {
            throw SignalError(.incompatible, breaches.map(\.description).joined(separator: "; "))
        }
        for (path, content) in files.sorted(by: { $0.key < $1.key }) {
            let file = file(path)
            try FileManager.default.createDirectory(
                at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
            try content.write(to: file, options: .atomic)
        }
    }

    private static func breaches(
        of schema: String, from old: JSONValue, to new: JSONValue
    ) -> [SchemaBreach] {
        SchemaCompatibility.breaches(from: old, to: new).map { breach in
            var breach = breach
            breach.schema = schema
            return breach
        }
    }

    private func file(_ path: String) -> URL { url.appending(path: path) }

    private func json(_ path: String) throws -> JSONValue {
        try SignalCodec.decoder().decode(JSONValue.self, from: Data(contentsOf: file(path)))
    }

    /// The paths of the documents in the folder; other files, for example a page for readers, are not part of it.
    private func committedFiles() throws -> Set<String> {
        var paths: Set<String> = []
        let manager = FileManager.default
        if manager.fileExists(atPath: file(Self.asyncAPIFile).path(percentEncoded: false)) {
            paths.insert(Self.asyncAPIFile)
        }
        for folder in [Self.schemaFolder, Self.exampleFolder] {
            let path = file(folder).path(percentEncoded: false)
            guard manager.fileExists(atPath: path) else { continue }
            for name in try manager.contentsOfDirectory(atPath: path) where name.hasSuffix(".json") {
                paths.insert("\(folder)/\(name)")
            }
        }
        return paths
    }
}
