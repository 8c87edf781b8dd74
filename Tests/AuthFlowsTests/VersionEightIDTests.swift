// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthSignals
import Foundation
import Testing

@Suite struct VersionEightIDTests {
    @Test func `an id of version 8 follows from its texts`() {
        // Computed with Python's hashlib.
        let id = UUID.version8(
            of: "account.user_snapshot", "https://accounts.example.org",
            "0199f0b1-0000-7000-8000-000000000001")
        #expect(id.wireText == "a8b5968b-1bd1-8c0e-ab63-13a2e03c1fd3")
    }

    @Test func `the boundaries between the texts count`() {
        #expect(UUID.version8(of: "ab", "c") != .version8(of: "a", "bc"))
        #expect(UUID.version8(of: "a") != .version8(of: "a", ""))
    }
}
