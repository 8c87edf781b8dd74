// SPDX-License-Identifier: Apache-2.0
import Foundation
import Testing

/// Which files of an executable may know the database of the store.
@Suite struct CompositionRootTests {
    private static let root = "Sources/auth-signals/Store/"
    private static let stores: Set<String> = ["AuthSQLiteStore", "AuthPostgresStore"]

    @Test(arguments: ["Sources/auth-signals", "Sources/auth-consumer"])
    func `an executable names a store's database only in its composition root`(folder: String) throws {
        let files = Repository.files(under: folder, ending: ["swift"])
        #expect(!files.isEmpty)
        for file in files where !file.path.hasPrefix(Self.root) {
            let text = try file.text
            for module in ImportTests.imports(in: text) where Self.stores.contains(module) {
                Issue.record("\(file) imports \(module)")
            }
            for name in ["SQLiteStore", "SQLiteRateLimiter", "PostgresStore", "PostgresRateLimiter"]
            where text.contains(name) {
                Issue.record("\(file) names \(name)")
            }
        }
    }

    @Test func `the composition root opens the stores`() throws {
        let files = Repository.files(under: "Sources/auth-signals/Store", ending: ["swift"])
        let imported = Set(try files.flatMap { ImportTests.imports(in: try $0.text) })
        #expect(imported.isSuperset(of: ["AuthSQLiteStore", "AuthPostgresStore"]))
    }
}
