// SPDX-License-Identifier: Apache-2.0
public import Configuration
import Foundation

/// Reads settings strictly and collects all faults, so that a user can correct all of them at once.
///
/// Configuration's typed getters fall back silently (`HTTP_PORT=abc` gives the default), so this reader reads strings
/// and parses them itself. Names are environment names (`HTTP_PORT`).
///
/// White space around every value is removed, including line ends, since files and shells add them. Control characters
/// in a one-line value are a fault. Quotes are kept as part of a value, with a warning.
public struct SettingsReader {
    private let text: (String) -> String?
    /// The faults, in the order in which the settings were read.
    public private(set) var faults: [SettingFault] = []
    /// Values that are allowed but most likely a mistake, like ``faults``.
    public private(set) var warnings: [SettingFault] = []
    /// The names of all settings that were read.
    public private(set) var known: Set<String> = []

    /// Reads from Configuration; `HTTP_PORT` is read as `http.port`.
    public init(_ config: ConfigReader) {
        text = { name in
            // A URL may contain a password, so every value is marked as a secret for access logs.
            let key = ConfigKey(name.lowercased().split(separator: "_").map(String.init))
            if let text = config.string(forKey: key, isSecret: true) { return text }
            // File providers have typed values, and a value of another type than requested would be ignored.
            if let value = config.int(forKey: key, isSecret: true) { return String(value) }
            if let value = config.bool(forKey: key, isSecret: true) { return String(value) }
            if let value = config.double(forKey: key, isSecret: true) { return String(value) }
            return config.stringArray(forKey: key, isSecret: true)?.joined(separator: ",")
        }
    }

    /// Reads from a dictionary of names and values.
    public init(_ values: [String: String]) { text = { values[$0] } }

    /// The value of a setting, one line, without surrounding white space; nil if it is absent or blank.
    public mutating func string(_ name: String) -> String? {
        guard let value = lines(name) else { return nil }
        checkLine(value, name)
        return value
    }

    /// The value of a setting that may have several lines, such as a PEM key, without surrounding white space.
    public mutating func lines(_ name: String) -> String? {
        guard let value = read(name)?.trimmingCharacters(in: .whitespacesAndNewlines), !value.isEmpty else {
            return nil
        }
        if Self.isQuoted(value) {
            warn(name, "is in quotes, which are part of the value: remove them if this is not intended")
        }
        return value
    }

    /// The value of a setting in which leading and trailing spaces are significant; surrounding line ends are removed.
    public mutating func spacedString(_ name: String) -> String? {
        guard let value = read(name)?.trimmingCharacters(in: .newlines), !value.isEmpty else { return nil }
        checkLine(value, name)
        return value
    }

    /// The name of an exchange, a host or a header. Like ``string(_:)``, but quotes are a fault.
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

    /// A setting whose value is parsed by `parse`.
    ///
    /// - Parameters:
    ///   - name: the name of the setting.
    ///   - fallback: the value if the setting is absent or wrong.
    ///   - form: the expected format; completes the sentence “… must be”.
    ///   - parse: receives the value without surrounding white space; returns nil if it is invalid.
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

    /// An integer within a range.
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

    /// Values separated by commas.
    public mutating func list(_ name: String, default fallback: [String]) -> [String] {
        guard let text = lines(name) else { return fallback }
        // By code point: a comma followed by a combining mark is a different Character in Swift.
        let items = text.unicodeScalars.split(separator: ",").map {
            String($0).trimmingCharacters(in: .whitespacesAndNewlines)
        }.filter { !$0.isEmpty }
        for item in items { checkLine(item, name) }
        return items
    }

    /// One of several named values, in any letter case.
    public mutating func choice<T>(_ name: String, default fallback: T, _ choices: [String: T]) -> T {
        value(name, default: fallback, "one of " + choices.keys.sorted().joined(separator: ", ")) {
            choices[$0.lowercased()]
        }
    }

    /// Records a fault that the caller has found.
    ///
    /// - Parameters:
    ///   - name: the name of the setting.
    ///   - what: the rest of a sentence that starts with the name; it must not quote a secret.
    public mutating func fault(_ name: String, _ what: String) {
        let fault = SettingFault(name, what)
        if !faults.contains(fault) { faults.append(fault) }
    }

    private mutating func warn(_ name: String, _ what: String) {
        let warning = SettingFault(name, what)
        if !warnings.contains(warning) { warnings.append(warning) }
    }

    /// - Throws: ``SettingFaults`` if any fault was recorded.
    public func check() throws(SettingFaults) {
        if !faults.isEmpty { throw SettingFaults(faults) }
    }
}
