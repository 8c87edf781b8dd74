// SPDX-License-Identifier: Apache-2.0
import AuthProviders
import AuthSignals
import Foundation

/// A `SOCIALACCOUNT_PROVIDERS` file in its own folder, which is deleted with this object.
final class ProviderFile: Sendable {
    let folder: URL
    var path: String { folder.appending(path: "providers.json").path }

    init(_ text: String, mode: Int = 0o600) throws {
        folder = FileManager.default.temporaryDirectory.appending(path: "providers-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        try write(text, to: "providers.json", mode: mode)
    }

    convenience init(_ entries: [[String: JSONValue]], mode: Int = 0o600) throws {
        let value = JSONValue.array(entries.map(JSONValue.object))
        try self.init(String(decoding: try JSONEncoder().encode(value), as: UTF8.self), mode: mode)
    }

    deinit { try? FileManager.default.removeItem(at: folder) }

    func write(_ text: String, to name: String, mode: Int) throws {
        let file = folder.appending(path: name)
        try Data(text.utf8).write(to: file)
        try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: file.path)
    }

    /// The parsed providers and the reported errors.
    func read(_ settings: [String: String] = [:]) -> (providers: SocialProviders, faults: [String]) {
        var reader = SettingsReader(settings.merging(["SOCIALACCOUNT_PROVIDERS": path]) { $1 })
        let providers = SocialProviders(reading: &reader)
        return (providers, reader.faults.map(\.description))
    }
}
