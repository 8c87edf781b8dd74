// SPDX-License-Identifier: Apache-2.0
import AuthSignals
import Dispatch
import Foundation

/// Writes each mail into a folder, as a file that any mail program can open: for development, tests and the demo.
///
/// File names sort by the time at which the mails were queued: `20261123T080000.123Z-<id>.eml`. A file with that name
/// is complete, and a mail that is sent twice is one file.
public struct FileTransport: MailTransport {
    private let folder: String
    /// Disks can be slow and must not block Swift's cooperative thread pool.
    private let queue = DispatchQueue(label: "auth.mail.file")

    /// - Parameter folder: created with the first mail if it is missing, readable by its owner only.
    public init(folder: String) { self.folder = folder }

    public func send(_ mail: RenderedMail) async throws(MailError) {
        let name = "\(Self.nameText(mail.date))-\(mail.id.wireText).eml"
        try await onQueue { () throws(MailError) in
            try makeFolder()
            try write(mail.message, as: name)
        }
    }

    /// Creates the folder if it is missing and checks that files can be written to it.
    public func check() async throws(MailError) {
        try await onQueue { () throws(MailError) in
            try makeFolder()
            guard access(folder, W_OK | X_OK) == 0 else { throw Self.fault("write to") }
        }
    }

    /// Checks whether a file could be written, without creating anything.
    public func checkPlace() async throws(MailError) {
        try await onQueue { () throws(MailError) in
            // Checks the deepest existing folder of the path: the missing ones would be created in it.
            var place = URL(fileURLWithPath: folder).standardizedFileURL
            while access(place.path, F_OK) != 0, place.path != "/" { place.deleteLastPathComponent() }
            var isFolder: ObjCBool = false
            _ = FileManager.default.fileExists(atPath: place.path, isDirectory: &isFolder)
            guard isFolder.boolValue, access(place.path, W_OK | X_OK) == 0 else {
                throw Self.fault("write to")
            }
        }
    }

    private func onQueue(
        _ body: @escaping @Sendable () throws(MailError) -> Void
    ) async throws(MailError) {
        let result = await withCheckedContinuation { continuation in
            queue.async {
                do throws(MailError) {
                    try body()
                    continuation.resume(returning: Result<Void, MailError>.success(()))
                } catch {
                    continuation.resume(returning: .failure(error))
                }
            }
        }
        try result.get()
    }

    private func makeFolder() throws(MailError) {
        do {
            try FileManager.default.createDirectory(
                atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        } catch {
            throw MailError(.storage, "the mail folder cannot be created")
        }
    }

    /// Writes a temporary file, fsyncs it, renames it and fsyncs the folder: no reader sees a partial mail, and no
    /// mail is
    /// lost on power loss.
    private func write(_ message: Data, as name: String) throws(MailError) {
        let path = "\(folder)/\(name)"
        let temporary = "\(folder)/.\(name).\(UUID().wireText)"
        let file = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard file >= 0 else { throw Self.fault("write to") }
        var isWritten = Self.writeAll(message, to: file) && fsync(file) == 0
        isWritten = Foundation.close(file) == 0 && isWritten
        guard isWritten, rename(temporary, path) == 0 else {
            let fault = Self.fault("write to")
            unlink(temporary)
            throw fault
        }
        let directory = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard directory >= 0 else { throw Self.fault("open") }
        defer { _ = Foundation.close(directory) }
        guard fsync(directory) == 0 else { throw Self.fault("write to") }
    }

    private static func writeAll(_ data: Data, to file: Int32) -> Bool {
        data.withUnsafeBytes { bytes in
            var offset = 0
            while offset < bytes.count {
                let count = Foundation.write(
                    file, bytes.baseAddress.map { $0 + offset }, bytes.count - offset)
                if count < 0 && errno == EINTR { continue }
                guard count > 0 else { return false }
                offset += count
            }
            return true
        }
    }

    private static func fault(_ verb: String) -> MailError {
        MailError(.storage, "cannot \(verb) the mail folder: \(String(cString: strerror(errno)))")
    }

    private static func nameText(_ date: Date) -> String {
        date.wireText.filter { $0 != "-" && $0 != ":" }
    }
}
