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

    /// Replaces the server's certificate and key, with the parameters of ``make(for:days:)``.
    package func replaceServer(for names: String, days: Int) async throws {
        try await sign("server", names: names, days: days)
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
        // `openssl x509 -req` refuses a validity that ends in the past since OpenSSL 3.4; `openssl ca` takes two dates.
        try Self.signing.write(toFile: path("signing.cnf"), atomically: true, encoding: .utf8)
        try "".write(toFile: path("index.txt"), atomically: true, encoding: .utf8)
        try await openssl(
            "ca -batch -notext -config signing.cnf -in \(file).csr -extfile \(file).ext"
                + " -startdate \(Self.date(inDays: -3)) -enddate \(Self.date(inDays: days)) -out \(file).pem")
    }

    /// The settings of `openssl ca`.
    private static let signing = """
        [ca]
        default_ca = test
        [test]
        certificate = ca.pem
        private_key = ca.key
        database = index.txt
        new_certs_dir = .
        rand_serial = yes
        default_md = sha256
        policy = names
        [names]
        commonName = supplied

        """

    /// A date as `openssl ca` reads it.
    private static func date(inDays days: Int) -> String {
        let format = DateFormatter()
        format.locale = Locale(identifier: "en_US_POSIX")
        format.timeZone = TimeZone(identifier: "GMT")
        format.dateFormat = "yyyyMMddHHmmss'Z'"
        return format.string(from: Date(timeIntervalSinceNow: Double(days) * 86_400))
    }

    private func openssl(_ arguments: String) async throws {
        try await Tool.run(
            "openssl", arguments.split(separator: " ").map(String.init), in: URL(filePath: directory))
    }
}
