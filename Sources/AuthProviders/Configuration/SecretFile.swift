// SPDX-License-Identifier: Apache-2.0
import Foundation

/// A file with secrets, read as a whole.
enum SecretFile {
    /// Why a file cannot be used; completes a sentence that begins with its name.
    struct Failure: Error {
        let what: String
    }

    private static let longest = 1 << 20

    /// - Parameter isSecret: whether only owner and group may have access. The group may, because Kubernetes and
    ///   systemd pass secrets that way to a service that does not run as root.
    static func read(_ path: String, isSecret: Bool) -> Result<String, Failure> {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else {
            return .failure(Failure(what: "cannot be read: \(String(cString: strerror(errno)))"))
        }
        let file = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            return .failure(Failure(what: "is not a regular file"))
        }
        if isSecret, status.st_mode & 0o007 != 0 { return .failure(exposed) }
        guard status.st_size <= longest, let data = try? file.readToEnd() ?? Data(), data.count <= longest,
            let text = String(validating: data, as: UTF8.self)
        else { return .failure(Failure(what: "is not UTF-8 text of at most 1 MiB")) }
        return .success(text.trimmingCharacters(in: .whitespacesAndNewlines))
    }

    /// Whether users other than owner and group have any permission.
    static func isExposed(_ path: String) -> Bool {
        var status = stat()
        return stat(path, &status) == 0 && status.st_mode & 0o007 != 0
    }

    static let exposed = Failure(
        what: "can be read by others: change the secrets in it or, if no other user has read it, chmod 640 it"
    )
}
