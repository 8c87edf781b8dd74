// SPDX-License-Identifier: Apache-2.0
import Foundation
import Testing

@Suite struct SourceTests {
    private static let code: Set = ["swift", "c", "h"]

    private static var files: [Repository.File] {
        ["Sources", "Tests", "Snippets", "Benchmarks", "Examples"]
            .flatMap { Repository.files(under: $0, ending: code) }
            // An example is a package of its own, with its own build folder.
            .filter { !$0.path.contains("/.build/") }
            + [Repository.File(path: "Package.swift")]
    }

    @Test func `finds the source files`() {
        #expect(Self.files.count > 50)
        #expect(Self.files.contains { $0.path == "Sources/AuthSignals/Signal.swift" })
    }

    @Test func `every file names its licence in its first two lines`() throws {
        for file in Self.files {
            let head = try file.lines.prefix(2)
            if !head.contains(where: { $0.hasSuffix("SPDX-License-Identifier: Apache-2.0") }) {
                Issue.record("\(file) has no SPDX line")
            }
        }
    }

    @Test func `no source contains a marker for unfinished work`() throws {
        // Split, so that this file does not match.
        let marks = ["TO" + "DO", "FIX" + "ME", "XX" + "X:", "HA" + "CK:"]
        for file in Self.files {
            let text = try file.text
            for mark in marks where text.contains(mark) { Issue.record("\(file) contains \(mark)") }
        }
    }

    @Test func `no source contains an absolute path of a developer's machine`() throws {
        let homes = ["/ro" + "ot/", "/ho" + "me/", "/Us" + "ers/", "/wo" + "rk/"]
        for file in Self.files {
            let text = try file.text
            for home in homes where text.contains(home) { Issue.record("\(file) contains \(home)") }
        }
    }

    @Test func `domain, relay and consumer code contains no SQL, AMQP or HTTP`() throws {
        let words = ["SELECT ", "INSERT INTO", "amqp_", "sqlite3_", "URLSession", "URLRequest"]
        for target in ["AuthSignals", "AuthFlows", "AuthRelay", "AuthConsumer"] {
            for file in Repository.files(under: "Sources/\(target)", ending: ["swift"]) {
                let text = try file.text
                for word in words where text.contains(word) { Issue.record("\(file) contains \(word)") }
            }
        }
    }

    // They compile AsyncHTTPClient, NIOHTTP2 or NIOSSL, which has its own copy of BoringSSL.
    @Test func `no target uses a product that compiles a second TLS library`() throws {
        let manifest = try Repository.File(path: "Package.swift").text
        #expect(manifest.contains("package: \"hummingbird\""))
        for product in [
            "HummingbirdTesting", "HummingbirdTLS", "HummingbirdHTTP2", "AsyncHTTPClient", "NIOSSL",
            "NIOHTTP2",
        ] {
            #expect(!manifest.contains("name: \"\(product)\""), "\(product)")
        }
    }
}
