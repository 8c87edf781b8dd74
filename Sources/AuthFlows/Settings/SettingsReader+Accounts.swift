// SPDX-License-Identifier: Apache-2.0
package import AuthSignals
import Foundation

extension AccountSettings.SignupField {
    /// Parses a list such as `email*,password1*`; nil if a field is unknown or occurs twice.
    static func list(_ text: String) -> [AccountSettings.SignupField: Bool]? {
        var fields: [AccountSettings.SignupField: Bool] = [:]
        for word in text.words {
            let isRequired = word.hasSuffix("*")
            guard
                let field = AccountSettings.SignupField(
                    rawValue: isRequired ? String(word.dropLast()) : word),
                fields.updateValue(isRequired, forKey: field) == nil
            else { return nil }
        }
        return fields.isEmpty ? nil : fields
    }
}

extension SettingsReader {
    mutating func interval(
        _ name: String, _ fallback: TimeInterval, from least: Int = 1
    ) -> TimeInterval {
        TimeInterval(
            seconds(name, default: .seconds(Int64(fallback)), in: least...315_360_000).components.seconds)
    }

    mutating func attempts(_ name: String, _ fallback: Int) -> Int {
        int(name, default: fallback, in: 1...100)
    }

    /// allauth's `…_SUPPORTS_…`: `false` means 0 times, `true` means 2 times.
    mutating func times(_ name: String) -> Int {
        value(name, default: 0, "true, false or a whole number from 0 to 100") { text in
            switch text.lowercased() {
            case "true": 2
            case "false": 0
            default: Int(text).flatMap { (0...100).contains($0) ? $0 : nil }
            }
        }
    }
}

extension SettingsReader {
    /// `LANGUAGE_CODE`, Django's name: a tag such as `de` or `en-us`.
    package mutating func language(default fallback: Language) -> Language {
        value("LANGUAGE_CODE", default: fallback, "one of \(Language.codes)") { Language.lookup($0) }
    }
}

extension Language {
    /// All codes, for messages.
    fileprivate static var codes: String { all.map(\.code).joined(separator: ", ") }
    static var listForm: String { "a list of different languages out of \(codes)" }
}

extension String {
    /// The words between the commas of a list.
    var words: [String] {
        unicodeScalars.split(separator: ",").map {
            String($0).trimmingCharacters(in: .whitespacesAndNewlines)
        }.filter { !$0.isEmpty }
    }
}
