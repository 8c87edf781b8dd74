// SPDX-License-Identifier: Apache-2.0
import AuthSignals
import Dispatch
import Foundation

/// Writes each mail into a folder, as a file that any mail program opens: for development, tests and the
/// demo.
///
/// Names sort by the time at which mails were queued: `20261123T080000.123Z-<id>.eml`. A file is complete
/// when it has that name, and a mail that is sent twice is one file.
public struct FileTransport: MailTransport {
    private let folder: String
    /// Disks can be slow; Swift's shared threads do not wait for them.
    private let queue = DispatchQueue(label: "auth.mail.file")

    /// - Parameter folder: made with the first mail where it is missing, readable by its owner only.
    public init(folder: String) { self.folder = folder }

    public func send(_ mail: RenderedMail) async throws(MailError) {
        let name = "\(Self.nameText(mail.date))-\(mail.id.wireText).eml"
        try await onQueue { () throws(MailError) in
            try makeFolder()
            try write(mail.message, as: name)
        }
    }

    /// Tries whether a file can be written.
    public func check() async throws(MailError) {
        try await onQueue { () throws(MailError) in
            try makeFolder()
            guard access(folder, W_OK | X_OK) == 0 else { throw Self.fault("write to") }
        }
    }

    /// Looks whether a file could be written, and makes nothing.
    public func checkPlace() async throws(MailError) {
        try await onQueue { () throws(MailError) in
            // What exists of the path decides: the rest would be made in there.
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
            throw MailError(.storage, "the mail folder cannot be made")
        }
    }

    /// Temporary file, fsync, rename, fsync of the folder: nobody sees half a mail, and none is lost with the
    /// power.
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
