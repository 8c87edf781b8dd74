// SPDX-License-Identifier: Apache-2.0
import Foundation
import Testing

@Suite struct ExampleTests {
    private static let example = "Examples/worker"

    @Test
    func `the image of the example worker installs the packages of the project's, but not PostgreSQL's`()
        throws
    {
        let own = try Self.packages(of: "deploy/Dockerfile")
        #expect(own.count == 2)
        let withoutPostgres = own.map { $0.replacing(#/libpq(-dev|5) /#, with: "") }
        #expect(withoutPostgres != own)
        #expect(try Self.packages(of: "\(Self.example)/Dockerfile") == withoutPostgres)
    }

    /// The lines with the packages that each stage of an image installs.
    private static func packages(of path: String) throws -> [String] {
        let lines = try Repository.File(path: path).lines
        return lines.indices.filter { lines[$0].contains("apt-get install") && $0 + 1 < lines.count }
            .map { lines[$0 + 1].trimmingCharacters(in: .whitespaces) }
    }

    @Test func `the program of the example worker has at most ten lines`() throws {
        let main = try Repository.File(path: "\(Self.example)/Sources/billing-worker/main.swift").lines
        #expect(main.filter { !$0.isEmpty }.count <= 10)
    }

    @Test func `the files that the example's compose file mounts exist`() throws {
        let compose = try Repository.File(path: "\(Self.example)/compose.override.yaml").text
        let mounts = compose.matches(of: #/- \.\/([^:\s]+):/#).map { String($0.1) }
        #expect(mounts.count == 3)
        for path in mounts {
            #expect(
                FileManager.default.fileExists(atPath: Repository.root.appending(path: path).path), "\(path)")
        }
    }
}
