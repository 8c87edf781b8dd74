// SPDX-License-Identifier: Apache-2.0
import AuthSignals
import Foundation

/// One object of the file `SOCIALACCOUNT_PROVIDERS`, read member by member; what is wrong is gathered.
struct ProviderEntry {
    private let members: [String: JSONValue]
    /// Where relative names of files start.
    private let folder: URL
    /// What `env:NAME` stands for.
    private let environment: [String: String]
    private var known: Set<String> = ["provider"]
    /// Complete the sentence that begins with the entry; no secret is quoted.
    private(set) var faults: [String] = []
    /// Whether a secret stands in the entry itself.
    private(set) var holdsSecrets = false

    init(_ members: [String: JSONValue], folder: URL, environment: [String: String]) {
        self.members = members
        self.folder = folder
        self.environment = environment
    }

    /// The members whose text may be `env:NAME`, or whose name with `_file` behind it names a file.
    static let secrets = ["secret", "private_key"]

    mutating func fault(_ what: String) { if !faults.contains(what) { faults.append(what) } }

    mutating func text(_ name: String) -> String? {
        value(name, "a text") { value in value.string.flatMap { $0.isEmpty ? nil : $0 } }
    }

    mutating func requiredText(_ name: String) -> String? {
        if members[name] == nil { fault("\(name) is missing") }
        return text(name)
    }

    mutating func flag(_ name: String) -> Bool? { value(name, "true or false") { $0.bool } }

    /// A list of texts.
    mutating func texts(_ name: String) -> [String]? {
        value(name, "a list of texts") { value in
            guard case .array(let elements) = value else { return nil }
            let texts = elements.compactMap(\.string)
            return texts.count == elements.count && !texts.contains("") ? texts : nil
        }
    }

    /// An object whose members are texts.
    mutating func table(_ name: String) -> [String: String]? {
        value(name, "an object of texts") { value in
            guard case .object(let members) = value else { return nil }
            let texts = members.compactMapValues(\.string)
            return texts.count == members.count ? texts : nil
        }
    }

    /// An address: plain `http:` is what whoever writes it wants.
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

    /// A host, with a port if need be.
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

    /// A secret: as it stands, from the environment (`env:NAME`), or from a file (`NAME_file`).
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

    /// One of several words.
    mutating func choice<T: RawRepresentable & CaseIterable>(_ name: String, _: T.Type) -> T?
    where T.RawValue == String {
        value(name, "one of " + T.allCases.map(\.rawValue).joined(separator: ", ")) { value in
            value.string.flatMap(T.init(rawValue:))
        }
    }

    /// Says what nobody asked for: it is a mistake, and often a member whose name was mistyped.
    mutating func checkUnknown() {
        for name in members.keys.sorted() where !known.contains(name) && !name.hasPrefix("//") {
            fault("\(name) is no member of this provider's")
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
