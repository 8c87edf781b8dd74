// SPDX-License-Identifier: Apache-2.0
import BrokerSupport
import Foundation
import ProgramSupport
import Testing

extension EndToEnd {
    @Suite("Malformed request bodies")
    struct BrokenBodyTests {
        @Test func `a malformed chunk is not a server error, and the server keeps running`() async throws {
            let installation = try await Installation(broker: try await PrivateBroker.shared.url)
            let server = try await installation.serve(["--no-relay"])
            let port = try #require(URL(string: server.base)?.port)
            let client = try Program(
                URL(filePath: "/bin/bash"),
                [
                    "-c",
                    """
                    exec 3<>/dev/tcp/127.0.0.1/\(port)
                    printf 'POST /_allauth/app/v1/auth/login HTTP/1.1\\r\\nHost: x\\r\\nTransfer-Encoding: chunked\\r\\n\\r\\nzz\\r\\n' >&3
                    head -n 1 <&3
                    """,
                ], environment: [:])
            _ = try await client.exitCode()
            #expect(!client.output.contains(" 500 "), "\(client.output)")
            #expect(!server.program.log.contains("status=500"))
            #expect(try await server.call("POST", "/auth/signup", Installation.ada).status == 200)
            try await server.program.stop()
        }
    }
}
