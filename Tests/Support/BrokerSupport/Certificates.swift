// SPDX-License-Identifier: Apache-2.0
import Foundation

/// Certificates made for one test by `openssl`: an authority, a broker's and a client's.
public struct Certificates: Sendable {
    /// Holds `ca.pem`, `server.pem`, `server.key`, `client.pem`, `client.key` and `stranger.pem`, another authority.
    public let directory: String

    /// `openssl` is missing or failed.
    struct Failed: Error, CustomStringConvertible {
        var description: String
    }

    /// - Parameters:
    ///   - name: the host name that the broker's certificate is for.
    ///   - days: how long that one is valid; below 0 it is expired.
    public static func make(for name: String = "localhost", days: Int = 2) async throws -> Certificates {
        // Waiting for a process would hold up a thread of the shared pool.
        try await withCheckedThrowingContinuation { continuation in
            Thread { continuation.resume(with: Result { try Certificates(for: name, days: days) }) }.start()
        }
    }

    private init(for name: String, days: Int) throws {
        directory =
            FileManager.default.temporaryDirectory
            .appending(path: "certificates-\(UInt64.random(in: 0...UInt64.max))").path
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        try makeAuthority("ca")
        try makeAuthority("stranger")
        try sign("server", name: name, days: days)
        try sign("client", name: "client", days: 2)
    }

    public func remove() { try? FileManager.default.removeItem(atPath: directory) }

    public func path(_ file: String) -> String { "\(directory)/\(file)" }

    private static let newKey = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes"

    private func makeAuthority(_ name: String) throws {
        try openssl(
            "req -x509 \(Self.newKey) -days 2 -subj /CN=\(name) -keyout \(name).key -out \(name).pem"
                + " -addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign")
    }

    private func sign(_ file: String, name: String, days: Int) throws {
        try openssl(
            "req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj /CN=\(name) -keyout \(file).key -out \(file).csr"
        )
        try "subjectAltName=DNS:\(name)\n".write(
            toFile: path("\(file).ext"), atomically: true, encoding: .utf8)
        try openssl(
            "x509 -req -in \(file).csr -CA ca.pem -CAkey ca.key -CAcreateserial -days \(days)"
                + " -extfile \(file).ext -out \(file).pem")
    }

    private func openssl(_ arguments: String) throws {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = ["openssl"] + arguments.split(separator: " ").map(String.init)
        process.currentDirectoryURL = URL(filePath: directory)
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        if process.terminationStatus != 0 { throw Failed(description: "openssl \(arguments) failed") }
    }
}
