// SPDX-License-Identifier: Apache-2.0
import AuthTesting
import AuthSignals
import Foundation
import ProgramSupport

/// A headless Chromium, driven by Debian's `chromedriver` (W3C WebDriver, which is JSON over HTTP).
struct Chromium {
    private let driver: Program
    private let profile: Folder
    private let session: String

    /// Starts the driver and the browser, and ends both after the body.
    static func browsing(
        blocksCookies: Bool = false, _ body: (Chromium) async throws -> Void
    ) async throws {
        let port = try TestTools.freePort()
        let profile = try Folder()
        let driver = try Program(
            TestTools.program("/usr/bin/chromedriver"), ["--port=\(port)"],
            environment: ["HOME": profile.path("home")])
        let base = "http://127.0.0.1:\(port)"
        try await eventually("chromedriver listens") {
            (try? await send("GET", base + "/status", nil))?["ready"]?.bool == true
        }
        let started = try await send(
            "POST", base + "/session",
            [
                "capabilities": [
                    "alwaysMatch": [
                        "browserName": "chrome",
                        "goog:loggingPrefs": ["browser": "ALL"],
                        "goog:chromeOptions": [
                            // 1 allows cookies, 2 blocks them.
                            "prefs": [
                                "profile.default_content_setting_values.cookies": .integer(
                                    blocksCookies ? 2 : 1)
                            ],
                            "binary": .string(try TestTools.program("/usr/bin/chromium").path),
                            // A container has no user namespaces for the sandbox and a small /dev/shm.
                            "args": [
                                "--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu",
                                "--no-proxy-server", .string("--user-data-dir=" + profile.path("profile")),
                            ],
                        ],
                    ]
                ]
            ])
        guard let id = started["sessionId"]?.string else {
            throw Mishap("Chromium does not start: \(started)")
        }
        let browser = Chromium(driver: driver, profile: profile, session: base + "/session/" + id)
        let result: Result<Void, any Error>
        do { result = .success(try await body(browser)) } catch { result = .failure(error) }
        // Waits until the browser has ended, so that the driver has no child process left.
        _ = try? await send("DELETE", browser.session, nil)
        try await driver.stop()
        try result.get()
    }

    func open(_ url: String) async throws { _ = try await call("POST", "/url", ["url": .string(url)]) }

    /// The address of the current page.
    var address: String { get async throws { try await call("GET", "/url").string ?? "" } }

    /// The visible text of the page.
    var text: String {
        get async throws { try await call("GET", "/element/\(find("body"))/text").string ?? "" }
    }

    func click(_ selector: String) async throws {
        _ = try await call("POST", "/element/\(find(selector))/click", [:])
    }

    func type(_ text: String, into selector: String) async throws {
        _ = try await call("POST", "/element/\(find(selector))/value", ["text": .string(text)])
    }

    /// The first element of a CSS selector.
    func find(_ selector: String) async throws -> String {
        let element = try await call(
            "POST", "/element", ["using": "css selector", "value": .string(selector)])
        // The WebDriver standard defines this member name.
        guard let id = element["element-6066-11e4-a52e-4f735466cecf"]?.string else {
            throw Mishap("the page has no \(selector)")
        }
        return id
    }

    func call(_ method: String, _ path: String, _ body: JSONValue? = nil) async throws -> JSONValue {
        try await Self.send(method, session + path, body)
    }

    private static func send(_ method: String, _ url: String, _ body: JSONValue?) async throws -> JSONValue {
        let json = try body.map { String(decoding: try JSONEncoder().encode($0), as: UTF8.self) }
        let answer = try await Curl.load(
            url, ["-X", method, "-H", "Content-Type: application/json"] + (json.map { ["-d", $0] } ?? []))
        let members = try JSONDecoder().decode(JSONValue.self, from: Data(answer.text.utf8))
        guard answer.status == 200, let value = members["value"] else {
            throw Mishap("\(method) \(url): \(answer.status) \(answer.text.prefix(500))")
        }
        return value
    }
}
