// SPDX-License-Identifier: Apache-2.0
import Foundation

/// The checkout that this file is compiled from.
enum Repository {
    static let root: URL = URL(filePath: #filePath).deletingLastPathComponent().resolvingSymlinksInPath()
        .deletingLastPathComponent().deletingLastPathComponent()

    /// A file with its path relative to the root.
    struct File: CustomStringConvertible {
        let path: String
        var text: String {
            get throws { try String(contentsOf: Repository.root.appending(path: path), encoding: .utf8) }
        }
        var lines: [Substring] {
            get throws { try text.split(separator: "\n", omittingEmptySubsequences: false) }
        }
        var description: String { path }
    }

    /// The files under a folder with one of the extensions, sorted by path; empty if the folder does not exist.
    static func files(under folder: String, ending endings: Set<String>) -> [File] {
        let base = root.appending(path: folder, directoryHint: .isDirectory)
        guard let walk = FileManager.default.enumerator(atPath: base.path()) else { return [] }
        return walk.compactMap { $0 as? String }
            .filter { endings.contains(($0 as NSString).pathExtension) }
            .sorted().map { File(path: folder + "/" + $0) }
    }

    /// The names of the folders in a folder.
    static func folders(in folder: String) throws -> [String] {
        let base = root.appending(path: folder, directoryHint: .isDirectory)
        return try FileManager.default.contentsOfDirectory(
            at: base, includingPropertiesForKeys: [.isDirectoryKey]
        )
        .filter { try $0.resourceValues(forKeys: [.isDirectoryKey]).isDirectory == true }
        .map(\.lastPathComponent).filter { !$0.hasPrefix(".") }.sorted()
    }
}
