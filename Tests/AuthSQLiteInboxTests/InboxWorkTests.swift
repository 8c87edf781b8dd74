// SPDX-License-Identifier: Apache-2.0
import AuthSQLiteInbox
import AuthSignals
import AuthTesting
import Foundation
import Testing

@Suite struct InboxWorkTests {
    @Test(arguments: OperatedInboxConformance.sentences)
    func `keeps the contract of an inbox that programs operate`(
        _ sentence: OperatedInboxConformance.Sentence
    ) async throws {
        let path = FileManager.default.temporaryDirectory.path + "/inbox-\(UUID().wireText).sqlite"
        defer {
            for end in ["", "-wal", "-shm"] { try? FileManager.default.removeItem(atPath: path + end) }
        }
        try await sentence.check { OperatedInboxConformance.Subject(try SQLiteInbox(path: path)) }
    }
}
