// SPDX-License-Identifier: Apache-2.0
import AuthOperations
import Testing

@Suite("The environment")
struct EnvironmentTests {
    @Test func `a name with a prefix of ours that is no setting is found, others are left alone`() {
        let unknown = Environment.unknownNames(
            known: ["HTTP_PORT"],
            in: ["HTTP_PORT": "1", "HTTP_PROT": "1", "HTTP_PROXY": "x", "PATH": "/bin", "ACCOUNT_EMAIL": "y"])
        #expect(unknown == ["ACCOUNT_EMAIL", "HTTP_PROT"])
    }
}
