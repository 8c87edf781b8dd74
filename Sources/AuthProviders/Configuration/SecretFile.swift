// SPDX-License-Identifier: Apache-2.0
import Foundation

/// A file that holds secrets, read whole.
enum SecretFile {
    /// Why a file cannot be used; completes the sentence that begins with its name.
    struct Failure: Error {
        let what: String
    }

    private static let longest = 1 << 20

    /// - Parameter isSecret: whether others than owner and group may not be able to read it. The group may:
    ///   that is how Kubernetes and systemd hand secrets to a service that is not root.
    static func read(_ path: String, isSecret: Bool) -> Result<String, Failure> {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else {
            return .failure(Failure(what: "cannot be read: \(String(cString: strerror(errno)))"))
        }
        let file = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            return .failure(Failure(what: "is no regular file"))
        }
        if isSecret, status.st_mode & 0o007 != 0 { return .failure(exposed) }
        guard status.st_size <= longest, let data = try? file.readToEnd() ?? Data(), data.count <= longest,
            let text = String(validating: data, as: UTF8.self)
        else { return .failure(Failure(what: "is no text of at most 1 MiB")) }
        return .success(text.trimmingCharacters(in: .whitespacesAndNewlines))
    }

    /// Whether others than owner and group can read, write or enter.
    static func isExposed(_ path: String) -> Bool {
        var status = stat()
        return stat(path, &status) == 0 && status.st_mode & 0o007 != 0
    }

    static let exposed = Failure(
        what: "can be read by others: change the secrets in it, or where nobody has read it: chmod 640 it")
}
