// SPDX-License-Identifier: Apache-2.0
import AuthSignals
import AuthTesting
import Foundation
import ProgramSupport
import ToolSupport

/// What the tests of the pages do with a browser.
extension Chromium {
    /// The browser's window, and what a page learns about it.
    struct View: Sendable, CustomStringConvertible {
        var width: Int
        var isDark: Bool

        static let all = [360, 1280].flatMap {
            [View(width: $0, isDark: false), View(width: $0, isDark: true)]
        }
        var description: String { "\(width)-\(isDark ? "dark" : "light")" }
    }

    func show(_ view: View) async throws {
        try await debug(
            "Emulation.setDeviceMetricsOverride",
            ["width": .integer(Int64(view.width)), "height": 800, "deviceScaleFactor": 1, "mobile": false])
        let scheme: JSONValue = .string(view.isDark ? "dark" : "light")
        // Colours that fade from one scheme to the other could not be measured.
        try await debug(
            "Emulation.setEmulatedMedia",
            [
                "features": [
                    ["name": "prefers-color-scheme", "value": scheme],
                    ["name": "prefers-reduced-motion", "value": "reduce"],
                ]
            ])
    }

    /// Calls a method of the DevTools protocol.
    @discardableResult
    func debug(_ method: String, _ parameters: JSONValue) async throws -> JSONValue {
        try await call("POST", "/goog/cdp/execute", ["cmd": .string(method), "params": parameters])
    }

    /// Runs JavaScript in the page; the page's content security policy does not apply to it.
    func evaluate(_ script: String) async throws -> JSONValue {
        try await call("POST", "/execute/sync", ["script": .string(script), "args": []])
    }

    /// Fills in a form's fields by their names, and submits it with the Enter key in the last one.
    func submit(_ fields: KeyValuePairs<String, String>) async throws {
        for (name, value) in fields { try await fill(name, value) }
        guard let last = fields.last else { return }
        // The key Enter, as the WebDriver standard encodes it.
        try await type("\u{E007}", into: Self.field(last.key))
    }

    private static func field(_ name: String) -> String { "input[name='\(name)']:not([type=hidden])" }

    /// Replaces the text of a field.
    func fill(_ name: String, _ value: String) async throws {
        let field = try await find(Self.field(name))
        _ = try await call("POST", "/element/\(field)/clear", [:])
        _ = try await call("POST", "/element/\(field)/value", ["text": .string(value)])
    }

    /// The current value of a field.
    func value(of name: String) async throws -> String? {
        try await call("GET", "/element/\(find(Self.field(name)))/property/value").string
    }

    /// Whether the page has an element.
    func has(_ selector: String) async throws -> Bool {
        let quoted = String(decoding: try JSONEncoder().encode(selector), as: UTF8.self)
        return try await evaluate("return document.querySelector(\(quoted)) !== null") == true
    }

    /// Waits until the page contains a text.
    func waits(for text: String) async throws {
        do {
            try await eventually("the page shows \"\(text)\"") { try await self.text.contains(text) }
        } catch {
            throw Mishap("\(error); it shows: \(try await self.text)")
        }
    }

    /// The names of the elements that have the focus one after the other as the Tab key is pressed, from the top of the
    /// page: the name of a field, otherwise the element's kind.
    func focusOrder() async throws -> [String] {
        _ = try await evaluate("document.activeElement.blur(); window.scrollTo(0, 0)")
        var order: [String] = []
        for _ in 0..<30 {
            // The key Tab, as the WebDriver standard encodes it.
            let press: JSONValue = [
                "type": "key", "id": "keyboard",
                "actions": [
                    ["type": "keyDown", "value": "\u{E004}"], ["type": "keyUp", "value": "\u{E004}"],
                ],
            ]
            _ = try await call("POST", "/actions", ["actions": [press]])
            let name = try await evaluate(
                "const e = document.activeElement; return e.name || e.localName")
            guard let name = name.string, name != "body" else { break }
            order.append(name)
        }
        return order
    }

    /// The errors in the browser's log: what a page's policy hinders, scripts that fail, files that are missing. The
    /// status of a refused form is not one of them.
    func errors() async throws -> [String] {
        let log = try await call("POST", "/se/log", ["type": "browser"])
        guard case .array(let entries) = log else { return [] }
        return entries.filter { $0["level"] == "SEVERE" }.compactMap { $0["message"]?.string }
            .filter { message in
                !message.contains("responded with a status of 4") || message.contains(".css")
                    || message.contains(".svg") || message.contains(".js") || message.contains(".ico")
            }
    }

    func goBack() async throws { _ = try await call("POST", "/back", [:]) }

    func reload() async throws { _ = try await call("POST", "/refresh", [:]) }

    /// Opens another tab, runs the body in it, and closes it.
    func inAnotherTab(_ body: () async throws -> Void) async throws {
        guard let tab = try await call("POST", "/window/new", ["type": "tab"])["handle"] else {
            throw Mishap("the browser opens no tab")
        }
        try await inTab(tab, body)
    }

    /// Clicks on a link that opens another tab, runs the body in that tab, and closes it.
    func followingToAnotherTab(_ selector: String, _ body: () async throws -> Void) async throws {
        let before = try await tabs()
        try await click(selector)
        let tab = try await eventualValue("the link opens a tab") {
            try await tabs().first { !before.contains($0) }
        }
        try await inTab(tab, body)
    }

    private func tabs() async throws -> [JSONValue] {
        guard case .array(let tabs) = try await call("GET", "/window/handles") else { return [] }
        return tabs
    }

    /// Runs the body in a tab that is in front, closes it, and returns to the current tab.
    private func inTab(_ tab: JSONValue, _ body: () async throws -> Void) async throws {
        let current = try await call("GET", "/window")
        _ = try await call("POST", "/window", ["handle": tab])
        // The page of a tab in the background is hidden, and may rest.
        try await debug("Page.bringToFront", [:])
        try await body()
        _ = try await call("DELETE", "/window")
        _ = try await call("POST", "/window", ["handle": current])
        try await debug("Page.bringToFront", [:])
    }

    /// Clicks on a button of a part of the page by its text.
    func press(_ label: String, in part: String) async throws {
        let quoted = String(decoding: try JSONEncoder().encode(label), as: UTF8.self)
        let button = try await evaluate(
            """
            return [...document.querySelectorAll("\(part) button")].find((b) => b.textContent === \(quoted));
            """)
        // The WebDriver standard defines this member name.
        guard let id = button["element-6066-11e4-a52e-4f735466cecf"]?.string else {
            throw Mishap("the page has no button \"\(label)\" in \(part)")
        }
        _ = try await call("POST", "/element/\(id)/click", [:])
    }

    func deleteCookies() async throws { _ = try await call("DELETE", "/cookie") }

    /// Writes a screenshot into `AUTH_TEST_SCREENSHOTS`, if it names a folder, for people to look at.
    func photograph(_ name: String) async throws {
        guard let folder = ProcessInfo.processInfo.environment["AUTH_TEST_SCREENSHOTS"] else { return }
        guard let text = try await call("GET", "/screenshot").string, let image = Data(base64Encoded: text)
        else { throw Mishap("the browser takes no screenshot") }
        try image.write(to: URL(filePath: folder).appending(path: "\(name).png"))
    }
}
