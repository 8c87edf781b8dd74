// SPDX-License-Identifier: Apache-2.0
import Foundation

/// An authority made by openssl for one test, and the certificate it gave to a server.
struct Certificates {
    let authority: String
    let certificate: String
    let key: String

    /// - Parameter name: the server's name, as in `DNS:localhost,IP:127.0.0.1`.
    init(in folder: String, name: String = "DNS:localhost,IP:127.0.0.1") async throws {
        authority = "\(folder)/ca.pem"
        certificate = "\(folder)/server.pem"
        key = "\(folder)/server.key"
        try await Tool.run(
            "openssl",
            [
                "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days",
                "2",
                "-subj", "/CN=Test authority", "-keyout", "\(folder)/ca.key", "-out", authority,
            ])
        try await Tool.run(
            "openssl",
            [
                "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days",
                "2",
                "-subj", "/CN=Test server", "-addext", "subjectAltName=\(name)",
                "-addext", "basicConstraints=critical,CA:FALSE", "-CA", authority, "-CAkey",
                "\(folder)/ca.key",
                "-keyout", key, "-out", certificate,
            ])
    }
}
