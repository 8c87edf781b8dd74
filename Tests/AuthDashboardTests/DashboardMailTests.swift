// SPDX-License-Identifier: Apache-2.0
import AuthSignals
import Foundation
import Hummingbird
import Testing

@testable import AuthDashboard

@Suite struct DashboardMailTests {
    private static let id = "20261123T080000.123Z-01934f5e-7c00-7000-8000-000000000001"
    private static let lines = [
        "From: accounts@example.org", "To: ada@example.org", "Subject: =?utf-8?Q?Gr=C3=BC=C3=9Fe?=",
        "MIME-Version: 1.0", "Content-Type: multipart/alternative; boundary=\"=_b\"", "", "--=_b",
        "Content-Type: text/plain; charset=utf-8", "Content-Transfer-Encoding: quoted-printable", "",
        "Open https://accounts.example.org/a?b=3Dc now.", "--=_b", "Content-Type: text/html; charset=utf-8",
        "Content-Transfer-Encoding: 7bit", "", "<head></head><p>Open</p>", "--=_b--", "",
    ]

    private func withFolder(_ body: (DashboardBrowser, URL) async throws -> Void) async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
        let mails = folder.appending(path: "mail")
        try FileManager.default.createDirectory(at: mails, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try await body(try DashboardBrowser(mails: .folder(mails.path)), mails)
    }

    @Test func `shows the mails of a folder, their text, links and HTML`() async throws {
        try await withFolder { browser, folder in
            try Data(Self.lines.joined(separator: "\r\n").utf8).write(
                to: folder.appending(path: Self.id + ".eml"))
            try Data("other".utf8).write(to: folder.appending(path: "other.eml"))
            guard case .array(let mails)? = try await browser.json("/dashboard/mails")["mails"] else {
                return #expect(Bool(false))
            }
            #expect(mails.map { $0["id"] } == [.string(Self.id)])
            #expect(mails.first?["subject"] == "Grüße")
            #expect(mails.first?["time"] == "2026-11-23T08:00:00.123Z")
            let mail = try await browser.json("/dashboard/mails/\(Self.id)")
            #expect(mail["to"] == "ada@example.org")
            #expect(mail["text"]?.string?.contains("a?b=c now.") == true)
            #expect(mail["links"] == ["https://accounts.example.org/a?b=c"])
            #expect(mail["html_url"] == .string("mails/\(Self.id)/html"))
            let html = try await browser.send(.get, "/dashboard/mails/\(Self.id)/html")
            #expect(html.headers[.contentSecurityPolicy]?.contains("sandbox") == true)
            // Its links open in another tab, since the pages that they lead to are not shown in a frame.
            #expect(
                try await browser.text(of: html).contains("<head><base target=\"_blank\"></head><p>Open</p>"))
        }
    }

    @Test func `lists the newest of many mails, and follows no symbolic link`() async throws {
        let rest = "Z-01934f5e-7c00-7000-8000-000000000001.eml"
        try await withFolder { browser, folder in
            for number in 100..<160 {
                try Data("Subject: \(number)\r\n\r\n".utf8).write(
                    to: folder.appending(path: "20261123T080000.\(number)\(rest)"))
            }
            // It is the newest of the 50 that are examined.
            try FileManager.default.createSymbolicLink(
                at: folder.appending(path: "20261123T080001.000\(rest)"),
                withDestinationURL: folder.appending(path: "20261123T080000.100\(rest)"))
            guard case .array(let mails)? = try await browser.json("/dashboard/mails")["mails"] else {
                return #expect(Bool(false))
            }
            #expect(mails.first?["subject"] == "159")
            #expect(mails.last?["subject"] == "111")
        }
    }

    @Test(arguments: [
        "..%2Fsecret", "%2e%2e%2f%2e%2e%2fetc%2fpasswd", "other", "..",
        "20261123T080000.123Z-..%2F..%2Fsecret",
    ])
    func `opens no other file`(id: String) async throws {
        try await withFolder { browser, folder in
            try Data("secret".utf8).write(to: folder.appending(path: "../secret.eml"))
            try Data("secret".utf8).write(to: folder.appending(path: "other.eml"))
            for path in ["/dashboard/mails/\(id)", "/dashboard/mails/\(id)/html"] {
                do {
                    let response = try await browser.send(.get, path)
                    #expect(response.status != .ok)
                } catch let error as any HTTPResponseError {
                    #expect(error.status == .notFound)
                }
            }
        }
    }

    @Test func `a symbolic link is not followed`() async throws {
        try await withFolder { browser, folder in
            let secret = folder.appending(path: "../secret")
            try Data("secret".utf8).write(to: secret)
            try FileManager.default.createSymbolicLink(
                at: folder.appending(path: Self.id + ".eml"), withDestinationURL: secret)
            #expect(try await browser.send(.get, "/dashboard/mails/\(Self.id)").status == .notFound)
        }
    }

    @Test func `says where mails are sent if they are not kept`() async throws {
        let browser = try DashboardBrowser()
        let list = try await browser.json("/dashboard/mails")
        #expect(list["note"] == "mails are sent to smtp://mail")
    }
}
