// SPDX-License-Identifier: Apache-2.0
public import AuthStore
import Foundation
import SQLiteSupport

/// The secret of an installation without `SECRET_KEY`: a file beside the store, never in it, so that a copy of the
/// database does not contain the key.
public enum SecretKeyFile {
    /// The secret of `<store>.key`. If the file does not exist, it is created with 32 random bytes in base64. Processes
    /// that start at the same time get the same secret.
    ///
    /// - Parameter store: the store's path.
    /// - Throws: `StoreError` with code `StoreError.Code.keyFile`, also if other users than the file's owner can
    ///   read it.
    public static func loadOrCreate(beside store: String) throws(StoreError) -> String {
        let path = store + ".key"
        if let secret = try load(path) { return secret }
        try create(path)
        guard let secret = try load(path) else { throw fault(path, "disappeared just after it was created") }
        return secret
    }

    /// The secret of `<store>.key`; nil if that file does not exist.
    ///
    /// - Throws: `StoreError` with code `StoreError.Code.keyFile`.
    public static func existing(beside store: String) throws(StoreError) -> String? {
        try load(store + ".key")
    }

    /// - Returns: nil if the file does not exist.
    private static func load(_ path: String) throws(StoreError) -> String? {
        let descriptor = PrivateFile.retrying { open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW) }
        guard descriptor >= 0 else {
            if errno == ENOENT { return nil }
            throw fault(path, "cannot be read: \(PrivateFile.systemError())")
        }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            throw fault(path, "is not a regular file")
        }
        guard status.st_mode & 0o077 == 0 else {
            throw fault(
                path,
                "can be read by others: change the secret or, if no other user has read it, chmod 600 it")
        }
        var bytes = [UInt8](repeating: 0, count: 4096)
        let count = PrivateFile.retrying { Int32(read(descriptor, &bytes, bytes.count)) }
        let text = String(decoding: bytes.prefix(max(0, Int(count))), as: UTF8.self)
            .trimmingCharacters(in: .whitespacesAndNewlines)
        guard text.utf8.count >= 32 else {
            throw fault(path, "does not contain a secret: 32 random bytes in base64 are required")
        }
        return text
    }

    /// Writes the whole file under another name and then links it: a link never replaces the file of another process,
    /// and never shows a partial one.
    private static func create(_ path: String) throws(StoreError) {
        let draft = "\(path).\(UUID().uuidString)"
        let descriptor = PrivateFile.retrying { open(draft, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600) }
        guard descriptor >= 0 else { throw fault(path, "cannot be created: \(PrivateFile.systemError())") }
        defer {
            close(descriptor)
            unlink(draft)
        }
        var generator = SystemRandomNumberGenerator()
        let secret = Data((0..<32).map { _ in UInt8.random(in: .min ... .max, using: &generator) })
        let text = Array((secret.base64EncodedString() + "\n").utf8)
        guard fchmod(descriptor, 0o600) == 0, write(descriptor, text, text.count) == text.count,
            fsync(descriptor) == 0, link(draft, path) == 0 || errno == EEXIST
        else { throw fault(path, "cannot be created: \(PrivateFile.systemError())") }
        let folder = open(URL(fileURLWithPath: path).deletingLastPathComponent().path, O_RDONLY | O_CLOEXEC)
        guard folder >= 0 else { return }
        fsync(folder)
        close(folder)
    }

    private static func fault(_ path: String, _ what: String) -> StoreError {
        StoreError(.keyFile, "the secret key file \(path) \(what); or set SECRET_KEY")
    }
}
