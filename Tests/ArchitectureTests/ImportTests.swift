// SPDX-License-Identifier: Apache-2.0
import Foundation
import Testing

@Suite struct ImportTests {
    /// The modules that a source file imports, with any attributes, access level or comment on the line.
    static func imports(in text: String) -> [String] {
        text.split(separator: "\n").filter { $0.contains("import") }.compactMap { line in
            line.prefixMatch(of: Self.declaration).map { String($0.module) }
        }
    }

    private static var declaration: Regex<(Substring, module: Substring)> {
        #/\s*(?:@\w+(?:\([^)]*\))?\s+)*(?:(?:public|package|internal|fileprivate|private)\s+)?import\s+(?:(?:struct|class|enum|protocol|typealias|func|let|var)\s+)?(?<module>\w+)/#
    }

    @Test func `recognizes every form of an import`() {
        let text = """
            import A
            public import B
              @testable import C
            @preconcurrency public import D
            import struct E.Inner
            @_spi(X) internal import F // import G
            // import H
            let important = "import I"
            """
        #expect(Self.imports(in: text) == ["A", "B", "C", "D", "E", "F"])
    }

    @Test(arguments: ImportTable.rows.map(\.target))
    func `a target imports only what its row allows`(target: String) throws {
        let row = try #require(ImportTable.rows.first { $0.target == target })
        let allowed = ImportTable.platform.union(ImportTable.plumbing).union(row.imports)
        let files = Repository.files(under: row.folder, ending: ["swift", "c", "h"])
        #expect(!files.isEmpty, "\(row.folder) has no source file")
        for file in files where file.path.hasSuffix(".swift") {
            for module in Self.imports(in: try file.text) where !allowed.contains(module) {
                Issue.record("\(file) imports \(module), which the table does not allow for \(target)")
            }
        }
    }

    @Test func `a row names only rows below it`() {
        let targets = ImportTable.rows.map(\.target)
        #expect(Set(targets).count == targets.count)
        for (index, row) in ImportTable.rows.enumerated() {
            for module in row.imports {
                if let place = targets.firstIndex(of: module) {
                    #expect(place > index, "\(row.target): \(module)")
                }
            }
        }
    }

    @Test
    func `table rows, package targets and the folders of Sources and Benchmarks match`()
        throws
    {
        let targets = ImportTable.rows.map(\.target).sorted()
        for folder in ["Sources", "Benchmarks"] {
            // Benchmarks/peers is a program in another language.
            let folders = try Repository.folders(in: folder).map { "\(folder)/\($0)" }
                .filter { !Repository.files(under: $0, ending: ["swift", "c"]).isEmpty }
            #expect(folders == ImportTable.rows.map(\.folder).filter { $0.hasPrefix("\(folder)/") }.sorted())
        }
        let manifest = try Repository.File(path: "Package.swift").text
        // A declaration ends where the next one starts. Test helpers are declared with a path under Tests.
        let inSources = manifest.split(separator: #/\.(target|executableTarget|testTarget)\(/#).dropFirst()
            .filter { !$0.contains("path: \"Tests/") }
            .compactMap { $0.firstMatch(of: #/^\s*name:\s*"([^"]+)"/#).map { String($0.1) } }
            .filter { !$0.hasSuffix("Tests") }
        #expect(inSources.sorted() == targets)
    }

    @Test
    func `a worker and its tests compile no identity providers, no server, no PostgreSQL and no executables`()
        throws
    {
        let compiled = Self.compiled(with: ["AuthWorker", "AuthTesting"])
        #expect(compiled.isSuperset(of: ["AuthBroker", "AuthSQLiteInbox", "AuthStore"]))
        let others: Set<String> = [
            "AuthProviders", "JWTKit", "AuthServer", "AuthMail", "AuthServices", "auth-signals",
            "auth-consumer",
        ]
        try Self.expectNone(of: others.union(Self.postgres), among: compiled)
    }

    @Test func `only the products of PostgreSQL link libpq`() throws {
        let products = try Repository.File(path: "Package.swift").text
            .matches(of: #/\.library\(\s*name:\s*"(\w+)",\s*targets:\s*\[([^\]]*)\]/#)
        #expect(Set(products.map { String($0.1) }).isSuperset(of: ["AuthApplication", "AuthWorker"]))
        for product in products where !product.1.hasPrefix("AuthPostgres") {
            let targets = product.2.matches(of: #/"([^"]+)"/#).map { String($0.1) }
            #expect(!targets.isEmpty, "\(product.1)")
            try Self.expectNone(of: Self.postgres, among: Self.compiled(with: targets))
        }
    }

    @Test(arguments: ["auth-signals", "auth-consumer"])
    func `an executable links libpq only with the trait`(name: String) throws {
        let row = try #require(ImportTable.rows.first { $0.target == name })
        let others = row.imports.filter { !Self.postgres.contains($0) }
        try Self.expectNone(of: Self.postgres, among: Self.compiled(with: others))
        let declaration = try #require(try Self.declarations()[name])
        #expect(declaration.contains(#/postgres\("AuthPostgres/#))
        let unconditional = declaration.replacing(#/postgres\([^)]*\)/#, with: "")
        for target in Self.postgres { #expect(!unconditional.contains("\"\(target)\""), "\(target)") }
        // What the function `postgres` of the manifest returns.
        let condition = #"targets.map { .target(name: $0, condition: .when(traits: ["PostgreSQL"])) }"#
        #expect(try Repository.File(path: "Package.swift").text.contains(condition))
    }

    private static let postgres: Set = [
        "AuthPostgres", "AuthPostgresInbox", "AuthPostgresStore", "CPostgres",
    ]

    /// The targets and external modules that are compiled with some targets, by the table; these included.
    private static func compiled(with targets: [String]) -> Set<String> {
        let imports = Dictionary(uniqueKeysWithValues: ImportTable.rows.map { ($0.target, $0.imports) })
        var compiled: Set<String> = []
        var open = targets
        while let target = open.popLast() {
            if compiled.insert(target).inserted { open += imports[target] ?? [] }
        }
        return compiled
    }

    /// What the manifest lists is compiled, too, whether it is imported or not.
    private static func expectNone(of others: Set<String>, among compiled: Set<String>) throws {
        #expect(compiled.isDisjoint(with: others))
        let declarations = try declarations()
        for target in compiled where ImportTable.rows.contains(where: { $0.target == target }) {
            let declaration = try #require(declarations[target], "\(target)")
            for other in others { #expect(!declaration.contains("\"\(other)\""), "\(target)") }
        }
    }

    /// The text of each target's declaration in Package.swift, up to the next one.
    private static func declarations() throws -> [String: String] {
        var declarations: [String: String] = [:]
        let manifest = try Repository.File(path: "Package.swift").text
        for text in manifest.split(separator: #/\.(target|executableTarget|testTarget)\(/#).dropFirst() {
            if let match = text.firstMatch(of: #/^\s*name:\s*"([^"]+)"/#) {
                declarations[String(match.1)] = String(text)
            }
        }
        return declarations
    }

    @Test func `the table in docs/architecture.md matches`() throws {
        let page = try Repository.File(path: "docs/architecture.md").lines
        var documented: [String: Set<String>] = [:]
        for line in page where line.hasPrefix("| `") {
            let cells = line.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) }
            guard cells.count == 3 else { continue }
            documented[cells[0].replacing("`", with: "")] = Set(
                cells[2].split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) }.filter {
                    $0 != "—"
                })
        }
        let table = Dictionary(uniqueKeysWithValues: ImportTable.rows.map { ($0.target, Set($0.imports)) })
        #expect(documented == table)
    }

    // Benchmarks/bare calls librabbitmq directly, since the benchmark compares this package with it.
    @Test func `only the C targets and the bare benchmark include headers of librabbitmq, libcurl and libpq`()
        throws
    {
        var including: [String: Set<String>] = [:]
        for folder in ["Sources", "Tests", "Benchmarks"] {
            for file in Repository.files(under: folder, ending: ["c", "h", "cpp", "m", "modulemap"]) {
                for line in try file.lines {
                    guard
                        let match = line.firstMatch(of: #/^\s*#\s*(include|import)\s*[<"](?<header>[^>"]+)/#)
                    else {
                        continue
                    }
                    let header = String(match.header)
                    let target = file.path.split(separator: "/").prefix(2).joined(separator: "/")
                    if header.hasPrefix("amqp") || header.contains("rabbitmq-c/") {
                        including["amqp", default: []].insert(target)
                    }
                    if header.hasPrefix("curl/") { including["curl", default: []].insert(target) }
                    if header.contains("libpq") { including["libpq", default: []].insert(target) }
                }
            }
        }
        #expect(
            including == [
                "amqp": ["Sources/CRabbitMQ", "Benchmarks/bare"], "curl": ["Sources/CCurl"],
                "libpq": ["Sources/CPostgres"],
            ])
    }

    @Test func `public headers of the C targets do not include headers of librabbitmq, libcurl or libpq`()
        throws
    {
        for folder in ["Sources/CRabbitMQ", "Sources/CCurl", "Sources/CPostgres", "Benchmarks/bare"] {
            for file in Repository.files(under: "\(folder)/include", ending: ["h"]) {
                let text = try file.text
                #expect(!text.contains("include <amqp") && !text.contains("include <curl"), "\(file)")
                #expect(!text.contains("include <rabbitmq-c"), "\(file)")
                #expect(!text.contains(#/include\s*<(postgresql\/)?libpq/#), "\(file)")
            }
        }
    }
}
