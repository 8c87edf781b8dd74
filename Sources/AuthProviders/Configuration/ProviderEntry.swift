// SPDX-License-Identifier: Apache-2.0
import AuthSignals
import Foundation

/// One object of the file `SOCIALACCOUNT_PROVIDERS`, read member by member; all errors are collected.
struct ProviderEntry {
    private let members: [String: JSONValue]
    /// The base folder of relative file names.
    private let folder: URL
    /// The values of `env:NAME`.
    private let environment: [String: String]
    private var known: Set<String> = ["provider"]
    /// Error texts that complete a sentence that begins with the entry; no secret is quoted.
    private(set) var faults: [String] = []
    /// Whether the entry itself contains a secret.
    private(set) var holdsSecrets = false

    init(_ members: [String: JSONValue], folder: URL, environment: [String: String]) {
        self.members = members
        self.folder = folder
        self.environment = environment
    }

    /// The members whose value may be `env:NAME`, or may be in a file that the member `NAME_file` names.
    static let secrets = ["secret", "private_key"]

    mutating func fault(_ what: String) { if !faults.contains(what) { faults.append(what) } }

    mutating func text(_ name: String) -> String? {
        value(name, "a string") { value in value.string.flatMap { $0.isEmpty ? nil : $0 } }
    }

    mutating func requiredText(_ name: String) -> String? {
        if members[name] == nil { fault("\(name) is missing") }
        return text(name)
    }

    mutating func flag(_ name: String) -> Bool? { value(name, "true or false") { $0.bool } }

    /// A list of strings.
    mutating func texts(_ name: String) -> [String]? {
        value(name, "a list of strings") { value in
            guard case .array(let elements) = value else { return nil }
            let texts = elements.compactMap(\.string)
            return texts.count == elements.count && !texts.contains("") ? texts : nil
        }
    }

    /// An object whose members are strings.
    mutating func table(_ name: String) -> [String: String]? {
        value(name, "an object of strings") { value in
            guard case .object(let members) = value else { return nil }
            let texts = members.compactMapValues(\.string)
            return texts.count == members.count ? texts : nil
        }
    }

    /// A URL; plain `http:` is accepted, because it was configured explicitly.
    mutating func url(_ name: String) -> URL? {
        value(name, "an http(s) URL without user, query and fragment") { value in
            guard let text = value.string, let parts = URLComponents(string: text),
                ["https", "http"].contains(parts.scheme), parts.host?.isEmpty == false, parts.user == nil,
                parts.query == nil, parts.fragment == nil
            else { return nil }
            return parts.url
        }
    }

    mutating func requiredURL(_ name: String) -> URL? {
        if members[name] == nil { fault("\(name) is missing") }
        return url(name)
    }

    /// A host, optionally with a port.
    mutating func host(_ name: String) -> String? {
        if members[name] == nil { fault("\(name) is missing") }
        return value(name, "a host name, without https://") { value in
            guard let text = value.string, let parts = URLComponents(string: "https://\(text)"),
                parts.host?.isEmpty == false, parts.path.isEmpty, parts.user == nil, parts.query == nil,
                parts.fragment == nil
            else { return nil }
            return text
        }
    }

    /// A secret: the value itself, from the environment (`env:NAME`), or from a file (`NAME_file`).
    mutating func secret(_ name: String) -> String? {
        let file = text("\(name)_file")
        let text = text(name)
        if file != nil, text != nil { fault("has \(name) and \(name)_file: one is enough") }
        if let text, text.hasPrefix("env:") {
            let variable = String(text.dropFirst(4))
            if environment[variable] == nil { fault("\(name): \(variable) is not set in the environment") }
            return environment[variable]
        }
        if text != nil { holdsSecrets = true }
        guard let file, text == nil else { return text }
        switch SecretFile.read(URL(fileURLWithPath: file, relativeTo: folder).path, isSecret: true) {
        case .success(let text):
            if text.isEmpty { fault("\(name)_file is empty") }
            return text.isEmpty ? nil : text
        case .failure(let failure):
            fault("\(name)_file \(failure.what)")
            return nil
        }
    }

    /// One of several keywords.
    mutating func choice<T: RawRepresentable & CaseIterable>(_ name: String, _: T.Type) -> T?
    where T.RawValue == String {
        value(name, "one of " + T.allCases.map(\.rawValue).joined(separator: ", ")) { value in
            value.string.flatMap(T.init(rawValue:))
        }
    }

    /// Reports members that were not read: each is a mistake, often a misspelled name.
    mutating func checkUnknown() {
        for name in members.keys.sorted() where !known.contains(name) && !name.hasPrefix("//") {
            fault("\(name) is not a member of this provider")
        }
    }

    mutating func value<T>(_ name: String, _ form: String, _ parse: (JSONValue) -> T?) -> T? {
        known.insert(name)
        guard let value = members[name], value != .null else { return nil }
        if let parsed = parse(value) { return parsed }
        fault("\(name) must be \(form)")
        return nil
    }
}
