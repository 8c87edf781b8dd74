// SPDX-License-Identifier: Apache-2.0
import Foundation

/// Certificates that `openssl` generates for one test: an authority's, a server's and a client's.
package struct Certificates: Sendable {
    /// The directory of `ca.pem`, `server.pem`, `server.key`, `client.pem`, `client.key` and `stranger.pem`, which is
    /// another authority.
    package let directory: String

    /// - Parameters:
    ///   - names: the names in the server's certificate, such as `DNS:localhost,IP:127.0.0.1`.
    ///   - days: the validity of the server's certificate in days; if negative, it is expired.
    package static func make(for names: String = "DNS:localhost", days: Int = 2) async throws -> Certificates
    {
        let folder = FileManager.default.temporaryDirectory.appending(
            path: "certificates-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let made = Certificates(directory: folder.path)
        try await made.makeAuthority("ca")
        try await made.makeAuthority("stranger")
        try await made.sign("server", names: names, days: days)
        try await made.sign("client", names: "DNS:client", days: 2)
        return made
    }

    package func remove() { try? FileManager.default.removeItem(atPath: directory) }

    package func path(_ file: String) -> String { "\(directory)/\(file)" }

    private static let newKey = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes"

    private func makeAuthority(_ name: String) async throws {
        try await openssl(
            "req -x509 \(Self.newKey) -days 2 -subj /CN=\(name) -keyout \(name).key -out \(name).pem"
                + " -addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign")
    }

    private func sign(_ file: String, names: String, days: Int) async throws {
        try await openssl("req \(Self.newKey) -subj /CN=\(file) -keyout \(file).key -out \(file).csr")
        try "subjectAltName=\(names)\n".write(
            toFile: path("\(file).ext"), atomically: true, encoding: .utf8)
        try await openssl(
            "x509 -req -in \(file).csr -CA ca.pem -CAkey ca.key -CAcreateserial -days \(days)"
                + " -extfile \(file).ext -out \(file).pem")
    }

    private func openssl(_ arguments: String) async throws {
        try await Tool.run(
            "openssl", arguments.split(separator: " ").map(String.init), in: URL(filePath: directory))
    }
}
