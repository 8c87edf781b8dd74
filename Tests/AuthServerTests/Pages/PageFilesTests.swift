// SPDX-License-Identifier: Apache-2.0
import AuthServer
import AuthSignals
import Foundation
import Hummingbird
import ServerTesting
import Testing

@Suite("PAGES_FOLDER")
struct PageFilesTests {
    /// Runs a test with a new folder.
    private func withFolder(_ test: (URL) async throws -> Void) async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "pages-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try await test(folder)
    }

    /// Why the folder cannot be used.
    private func refusal(of folder: URL) -> String? {
        do throws(PageFilesError) {
            _ = try PageFiles(folder: folder.path)
            return nil
        } catch {
            return error.message
        }
    }

    @Test func `a file replaces the built-in one, and others are not served`() async throws {
        try await withFolder { folder in
            try Data("h1 { color: teal }\n".utf8).write(to: folder.appending(path: "style.css"))
            try Data("secret".utf8).write(to: folder.appending(path: "secret.txt"))
            var settings = AuthServerSettings()
            settings.pageFiles = try PageFiles(folder: folder.path)
            try await TestServer(settings: settings).run { client in
                let browser = BrowserClient(client)
                let style = try await browser.open("/accounts/style.css")
                #expect(style.html == "h1 { color: teal }\n")
                let logo = try await browser.open("/accounts/logo.svg")
                #expect(logo.html.contains("<svg"))
                for path in [
                    "/accounts/secret.txt", "/accounts/..%2Fsecret.txt", "/accounts/style.css/../secret.txt",
                ] {
                    let other = try await browser.open(path)
                    #expect(other.status == .notFound, "\(path)")
                }
            }
        }
    }

    @Test func `a missing folder, a folder in place of a file, a large file and other bytes are refused`()
        async throws
    {
        try await withFolder { folder in
            #expect(refusal(of: folder.appending(path: "missing")) != nil)
            let style = folder.appending(path: "style.css")
            for content in [Data([0xff, 0xfe]), Data(repeating: 32, count: 300_000)] {
                try content.write(to: style)
                #expect(refusal(of: folder) != nil)
            }
            try FileManager.default.removeItem(at: style)
            try FileManager.default.createDirectory(at: style, withIntermediateDirectories: false)
            #expect(refusal(of: folder) != nil)
        }
    }
}
