// SPDX-License-Identifier: Apache-2.0
import Foundation
import Testing

/// The DocC catalogues. `Scripts/docs` builds them, and finds wrong links to symbols.
@Suite("Documentation") struct DocumentationTests {
    private static let pages = Repository.files(under: "Sources", ending: ["md"])
        .filter { $0.path.contains(".docc/") }
    private static let articles = "Sources/AuthSignals/AuthSignals.docc"

    /// The targets of the library products.
    private static func libraries() throws -> Set<String> {
        let manifest = try Repository.File(path: "Package.swift").text
        let lists = manifest.matches(of: #/\.library\(\s*name: "\w+",\s*targets: \[([^\]]*)\]/#)
        return Set(lists.flatMap { list in list.1.matches(of: #/"(\w+)"/#).map { String($0.1) } })
    }

    // MARK: Catalogues

    @Test func `every library has a catalogue with a landing page and topics`() throws {
        let libraries = try Self.libraries()
        #expect(libraries.count >= 18)
        for library in libraries.sorted() {
            let page = Repository.File(path: "Sources/\(library)/\(library).docc/\(library).md")
            let text = (try? page.text) ?? ""
            #expect(text.hasPrefix("# ``\(library)``\n"), "\(page)")
            #expect(text.contains("\n## Overview\n"), "\(page)")
            #expect(text.contains("\n## Topics\n"), "\(page)")
        }
    }

    @Test func `Scripts/docs builds every library`() throws {
        let script = try Repository.File(path: "Scripts/docs").text
        let list = try #require(script.firstMatch(of: #/libraries=\(([^)]*)\)/#)).1
        let built = list.split(whereSeparator: \.isWhitespace).map(String.init)
        #expect(Set(built) == (try Self.libraries()))
        #expect(Set(built).count == built.count)
    }

    @Test func `the examples in the catalogues are compiled as snippets`() throws {
        let snippets = try Repository.files(under: "Snippets", ending: ["swift"])
            .map { Self.lines(try $0.text) }
        var count = 0
        for page in Self.pages {
            for match in try page.text.matches(of: #/```swift\n((?:.*\n)*?)```/#) {
                let example = Self.lines(String(match.1))
                count += 1
                #expect(
                    snippets.contains { $0.contains(example) }, "\(page): no file in Snippets has \(example)")
            }
        }
        #expect(count >= 15)
    }

    /// The lines without their indentation, and without empty ones.
    private static func lines(_ text: String) -> String {
        text.split(separator: "\n").map { $0.trimmingCharacters(in: .whitespaces) }
            .filter { !$0.isEmpty }.joined(separator: "\n")
    }

    // MARK: Settings

    @Test func `the settings page is generated from the settings`() throws {
        let generator = Process()
        generator.executableURL = URL(filePath: "/usr/bin/env")
        generator.arguments = [
            "python3", Repository.root.appending(path: "Scripts/generate").path, "settings", "--check",
        ]
        let complaint = Pipe()
        generator.standardError = complaint
        try generator.run()
        let text = try complaint.fileHandleForReading.readToEnd() ?? Data()
        generator.waitUntilExit()
        #expect(generator.terminationStatus == 0, "\(String(decoding: text, as: UTF8.self))")
    }

    @Test func `the settings page lists every setting of env_example once`() throws {
        let page = try Repository.File(path: "\(Self.articles)/Settings.md").text
        let listed = page.matches(of: #/^\| `([A-Z][A-Z0-9_]*)` \|/#.anchorsMatchLineEndings())
            .map { String($0.1) }
        let settings = try Repository.File(path: "deploy/env.example").text
            .matches(of: #/^#?([A-Z][A-Z0-9_]*)=/#.anchorsMatchLineEndings()).map { String($0.1) }
        #expect(listed == settings)
        #expect(settings.count > 100)
    }

    // MARK: Errors

    @Test func `the page of error codes lists every public error type with its codes`() throws {
        let page = try Repository.File(path: "\(Self.articles)/ErrorCodes.md").text
        let errors = try PublicError.all()
        #expect(errors.count >= 20)
        #expect(errors.contains { $0.name == "StoreError" && $0.codes.contains("newer_schema") })
        #expect(errors.contains { $0.name == "Refusal" && $0.codes.contains("email_taken") })
        for error in errors {
            #expect(page.contains("`\(error.name)"), "\(error.name) is missing")
            if error.codes.isEmpty { continue }
            let title = "`\(error.name).\(error.codeType)`\n"
            let rest = page.range(of: title).map { page[$0.upperBound...] } ?? ""
            let section = rest.range(of: "\n#").map { rest[..<$0.lowerBound] } ?? rest
            let rows = section.matches(of: #/^\| `(\w+)` \|/#.anchorsMatchLineEndings())
            let listed = rows.map { String($0.1) }
            #expect(Set(listed) == error.codes, "\(error.name)")
            #expect(Set(listed).count == listed.count, "\(error.name)")
        }
    }

    // MARK: Links

    @Test func `links between Markdown files lead to files and headings that exist`() throws {
        let files =
            ["docs", "deploy", "Examples", "Sources"].flatMap { Repository.files(under: $0, ending: ["md"]) }
            .filter { !$0.path.contains("/.build/") }
            + ["README.md", "CHANGELOG.md", "CONTRIBUTING.md"].map { Repository.File(path: $0) }
        var count = 0
        for file in files {
            let text = try MarkdownLinks.prose(file.text)
            for link in text.matches(of: #/\]\(([^)\s]+)\)/#).map({ String($0.1) })
            where link.firstMatch(of: #/^[a-z]+:/#) == nil {
                count += 1
                #expect(try MarkdownLinks.exists(link, in: file), "\(file): \(link)")
            }
        }
        #expect(count > 100)
    }
}
