// SPDX-License-Identifier: Apache-2.0
public import Configuration
import Foundation

/// Reads settings strictly and gathers every fault, so that a person can mend all of them at once.
///
/// Configuration's typed getters fall back silently (`HTTP_PORT=abc` gives the default): this reader takes
/// texts and parses them itself. Names are environment names (`HTTP_PORT`).
///
/// White space around every value is dropped, line ends included: files and shells add them. Control characters
/// within a value are a fault where the value is one line of text. Quotes are part of a value, which is a warning.
public struct SettingsReader {
    private let text: (String) -> String?
    /// What was wrong, in the order in which it was read.
    public private(set) var faults: [SettingFault] = []
    /// What is allowed, and most likely a mistake; as ``faults``.
    public private(set) var warnings: [SettingFault] = []
    /// The names that were asked for.
    public private(set) var known: Set<String> = []

    /// Reads through Configuration; `HTTP_PORT` is asked for as `http.port`.
    public init(_ config: ConfigReader) {
        text = { name in
            // A URL may hold a password, so that access logs show no value at all.
            let key = ConfigKey(name.lowercased().split(separator: "_").map(String.init))
            if let text = config.string(forKey: key, isSecret: true) { return text }
            // Providers of files know kinds, and a value of another kind than asked for would be passed over.
            if let value = config.int(forKey: key, isSecret: true) { return String(value) }
            if let value = config.bool(forKey: key, isSecret: true) { return String(value) }
            if let value = config.double(forKey: key, isSecret: true) { return String(value) }
            return config.stringArray(forKey: key, isSecret: true)?.joined(separator: ",")
        }
    }

    /// Reads from a table of names and texts.
    public init(_ values: [String: String]) { text = { values[$0] } }

    /// The text of a setting, one line, without white space around it; nil where it is absent or blank.
    public mutating func string(_ name: String) -> String? {
        guard let value = lines(name) else { return nil }
        checkLine(value, name)
        return value
    }

    /// The text of a setting that may have several lines, such as a key in PEM, without white space around it.
    public mutating func lines(_ name: String) -> String? {
        guard let value = read(name)?.trimmingCharacters(in: .whitespacesAndNewlines), !value.isEmpty else {
            return nil
        }
        if Self.isQuoted(value) {
            warn(name, "is in quotes, which are part of the value: leave them out if they are not meant")
        }
        return value
    }

    /// The text of a setting in which spaces at the beginning and at the end count; line ends around it are dropped.
    public mutating func spacedString(_ name: String) -> String? {
        guard let value = read(name)?.trimmingCharacters(in: .newlines), !value.isEmpty else { return nil }
        checkLine(value, name)
        return value
    }

    /// A name that others are to know: of an exchange, a host, a header. As ``string(_:)``, and not in quotes.
    public mutating func name(_ name: String) -> String? {
        guard let value = string(name) else { return nil }
        if Self.isQuoted(value) { fault(name, "must not be in quotes, which would be part of the name") }
        return value
    }

    private mutating func read(_ name: String) -> String? {
        known.insert(name)
        guard let value = text(name) else { return nil }
        if value.unicodeScalars.contains("\u{FFFD}") { fault(name, "must be text in UTF-8") }
        return value
    }

    private mutating func checkLine(_ value: String, _ name: String) {
        let isLine = value.unicodeScalars.allSatisfy {
            ![.control, .lineSeparator, .paragraphSeparator].contains($0.properties.generalCategory)
        }
        if !isLine { fault(name, "must not contain line ends or other control characters") }
    }

    private static func isQuoted(_ value: String) -> Bool {
        let bytes = value.utf8
        return bytes.count >= 2 && bytes.first == bytes.last && "\"'".utf8.contains { $0 == bytes.first }
    }

    /// A setting that `parse` makes of its text.
    ///
    /// - Parameters:
    ///   - form: what is expected, as it completes “… must be”.
    ///   - parse: is given the text without white space around it; nil for a text of another form.
    public mutating func value<T>(
        _ name: String, default fallback: T, _ form: String, _ parse: (String) -> T?
    ) -> T {
        guard let text = lines(name) else { return fallback }
        if let value = parse(text) { return value }
        fault(name, "must be \(form)")
        return fallback
    }

    /// `true` or `false`.
    public mutating func bool(_ name: String, default fallback: Bool) -> Bool {
        value(name, default: fallback, "true or false") { text in
            switch text.lowercased() {
            case "true": true
            case "false": false
            default: nil
            }
        }
    }

    /// A whole number within a range.
    public mutating func int(_ name: String, default fallback: Int, in range: ClosedRange<Int>) -> Int {
        value(name, default: fallback, "a whole number from \(range.lowerBound) to \(range.upperBound)") {
            Int($0).flatMap { range.contains($0) ? $0 : nil }
        }
    }

    /// A duration in seconds.
    public mutating func seconds(
        _ name: String, default fallback: Duration, in range: ClosedRange<Int> = 0...315_360_000
    ) -> Duration {
        value(
            name, default: fallback,
            "a whole number of seconds from \(range.lowerBound) to \(range.upperBound)"
        ) {
            Int($0).flatMap { range.contains($0) ? .seconds($0) : nil }
        }
    }

    /// Texts separated by commas.
    public mutating func list(_ name: String, default fallback: [String]) -> [String] {
        guard let text = lines(name) else { return fallback }
        // By code point: a comma with a combining mark behind it is one character to Swift, and no comma.
        let items = text.unicodeScalars.split(separator: ",").map {
            String($0).trimmingCharacters(in: .whitespacesAndNewlines)
        }.filter { !$0.isEmpty }
        for item in items { checkLine(item, name) }
        return items
    }

    /// One of several words.
    public mutating func choice<T>(_ name: String, default fallback: T, _ choices: [String: T]) -> T {
        value(name, default: fallback, "one of " + choices.keys.sorted().joined(separator: ", ")) {
            choices[$0.lowercased()]
        }
    }

    /// Says that a setting is wrong for a reason of the caller's.
    ///
    /// - Parameter what: completes the sentence that begins with the name; it never quotes a secret.
    public mutating func fault(_ name: String, _ what: String) {
        let fault = SettingFault(name, what)
        if !faults.contains(fault) { faults.append(fault) }
    }

    private mutating func warn(_ name: String, _ what: String) {
        let warning = SettingFault(name, what)
        if !warnings.contains(warning) { warnings.append(warning) }
    }

    /// - Throws: ``SettingFaults`` where anything was wrong.
    public func check() throws(SettingFaults) {
        if !faults.isEmpty { throw SettingFaults(faults) }
    }
}
