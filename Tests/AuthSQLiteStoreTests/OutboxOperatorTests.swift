// SPDX-License-Identifier: Apache-2.0
import AuthSignals
import AuthSQLiteStore
import AuthStore
import Foundation
import Testing

@Suite("Erasing") struct OutboxOperatorTests {
    @Test func `no byte of an erased row remains in the store's files`() async throws {
        let folder = try TemporaryFolder()
        let store = try await folder.store()
        let ada = "planted-\(UUID().uuidString)"
        for number in 1...50 { try await store.emit(number, of: ada) }
        try await store.settle(
            (1...25).map { OutboxSettlement(sequence: $0, result: .confirmed, at: Date()) })
        #expect(try folder.allBytes().range(of: Data(ada.utf8)) != nil)
        _ = try await store.erase(subject: ada)
        #expect(try folder.allBytes().range(of: Data(ada.utf8)) == nil)
    }
}
