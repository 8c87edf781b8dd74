// SPDX-License-Identifier: Apache-2.0
import Foundation

/// A PEM file of certificates (RFC 7468).
enum CertificateFile {
    private static let labels = ["CERTIFICATE", "X509 CERTIFICATE", "TRUSTED CERTIFICATE"]

    /// Whether a file can be read, has at least one certificate, and none whose encoding is damaged.
    ///
    /// It detects a wrong path, a file of another kind and a truncated file. Whether libcurl accepts the certificates
    /// is known only at the first TLS handshake.
    static func isUsable(_ path: String) -> Bool {
        guard let data = FileManager.default.contents(atPath: path) else { return false }
        var count = 0
        /// The label and the lines of the block that is being read.
        var block: (label: String, text: String)?
        for line in String(decoding: data, as: UTF8.self).split(whereSeparator: \.isNewline) {
            let line = line.trimmingCharacters(in: .whitespaces)
            if let open = block {
                if line == "-----END \(open.label)-----" {
                    guard isCertificate(open.text) else { return false }
                    count += 1
                    block = nil
                } else {
                    block?.text += line
                }
            } else if let label = labels.first(where: { line == "-----BEGIN \($0)-----" }) {
                block = (label, "")
            }
        }
        return count > 0 && block == nil
    }

    /// Whether a text is base64 of data that begins with a whole DER sequence; a `TRUSTED CERTIFICATE` has more data
    /// after it.
    private static func isCertificate(_ text: String) -> Bool {
        guard let der = Data(base64Encoded: text), der.count > 4, der[0] == 0x30, der[1] & 0x80 != 0 else {
            return false
        }
        let size = Int(der[1] & 0x7f)
        guard (1...3).contains(size) else { return false }
        let length = der[2..<(2 + size)].reduce(0) { $0 << 8 | Int($1) }
        return der.count >= 2 + size + length
    }
}
