// SPDX-License-Identifier: Apache-2.0
import AuthSQLiteStore
import AuthStore
import Foundation
import Testing

@Suite struct SecretKeyFileTests {
    let folder: TemporaryFolder
    var store: String { folder.file("auth.sqlite") }

    init() throws { folder = try TemporaryFolder() }

    private func refusal() -> StoreError? {
        #expect(throws: StoreError.self) { try SecretKeyFile.loadOrCreate(beside: store) }
    }

    @Test func `creates a secret of 32 random bytes once and then reuses it`() throws {
        let secret = try SecretKeyFile.loadOrCreate(beside: store)
        #expect(Data(base64Encoded: secret)?.count == 32)
        #expect(try SecretKeyFile.loadOrCreate(beside: store) == secret)
        #expect(try SecretKeyFile.loadOrCreate(beside: folder.file("other.sqlite")) != secret)
        #expect(try folder.mode("auth.sqlite.key") == 0o600)
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).count == 2)
    }

    @Test func `concurrent starts get the same secret`() async throws {
        let store = store
        let secrets = try await withThrowingTaskGroup(of: String.self) { group in
            for _ in 0..<50 { group.addTask { try SecretKeyFile.loadOrCreate(beside: store) } }
            return try await group.reduce(into: Set()) { $0.insert($1) }
        }
        #expect(secrets.count == 1)
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["auth.sqlite.key"])
    }

    @Test(arguments: [0o640, 0o604, 0o660])
    func `rejects a file that others can read`(mode: Int) throws {
        _ = try SecretKeyFile.loadOrCreate(beside: store)
        try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: store + ".key")
        let error = refusal()
        #expect(error?.code == .keyFile)
        #expect(error?.message.contains("chmod 600") == true)
    }

    @Test func `rejects a file without a secret and does not replace it`() throws {
        _ = FileManager.default.createFile(
            atPath: store + ".key", contents: Data("short\n".utf8), attributes: [.posixPermissions: 0o600])
        let error = refusal()
        #expect(error?.code == .keyFile)
        #expect(error?.description.contains("short") == false)
        #expect(FileManager.default.contents(atPath: store + ".key") == Data("short\n".utf8))
    }

    @Test func `rejects a symbolic link and a folder`() throws {
        try FileManager.default.createSymbolicLink(
            atPath: store + ".key", withDestinationPath: "/etc/hostname")
        #expect(refusal()?.code == .keyFile)
        try FileManager.default.removeItem(atPath: store + ".key")
        try FileManager.default.createDirectory(atPath: store + ".key", withIntermediateDirectories: false)
        #expect(refusal()?.code == .keyFile)
    }

    @Test func `reports a missing folder`() {
        let error = #expect(throws: StoreError.self) {
            try SecretKeyFile.loadOrCreate(beside: folder.file("nowhere/auth.sqlite"))
        }
        #expect(error?.code == .keyFile)
    }
}
