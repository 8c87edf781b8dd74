// SPDX-License-Identifier: Apache-2.0
import AuthServiceKit
import Foundation
import Testing

@Suite("The environment")
struct EnvironmentTests {
    @Test func `finds unknown names with a settings prefix and ignores other names`() {
        let unknown = ProcessEnvironment.unknownNames(
            known: ["HTTP_PORT"],
            in: ["HTTP_PORT": "1", "HTTP_PROT": "1", "HTTP_PROXY": "x", "PATH": "/bin", "ACCOUNT_EMAIL": "y"])
        #expect(unknown == ["ACCOUNT_EMAIL", "HTTP_PROT"])
    }

    @Test(arguments: ["\u{200D}Acme", "\u{301}x", "=a=b", "", "x"])
    func `finds a variable whatever its value begins with`(value: String) {
        let name = "AUTH_TEST_\(UUID().uuidString)"
        #expect(setenv(name, value, 1) == 0)
        defer { unsetenv(name) }
        #expect(ProcessEnvironment.variables[name].map { Array($0.utf8) } == Array(value.utf8))
    }

    @Test func `decodes bytes that are not UTF-8 as replacement characters`() {
        let name = "AUTH_TEST_\(UUID().uuidString)"
        let bytes: [CChar] = [0x61, -1, 0x62, 0]
        #expect(setenv(name, bytes, 1) == 0)
        defer { unsetenv(name) }
        #expect(ProcessEnvironment.variables[name] == "a\u{FFFD}b")
    }
}
