// SPDX-License-Identifier: Apache-2.0
import AuthTesting
import BrokerSupport
import Foundation
import ProgramSupport
import Testing
import ToolSupport

extension EndToEnd {
    @Suite("The check command and the providers")
    struct ProviderCheckTests {
        @Test func `reports each provider that fails with the cause, and a responding issuer as ok`()
            async throws
        {
            let issuer = try Program(
                URL(filePath: "/usr/bin/env"), ["python3", "-u", "-c", Self.issuer], environment: [:])
            let port = try await eventualValue("the issuer listens") { issuer.lines.first }
            let installation = try await Installation(broker: try await PrivateBroker.shared.url)
            let file = URL(filePath: installation.folder.path("providers.json"))
            func provider(_ id: String, _ issuer: String) -> String {
                #"{"provider":"openid_connect","id":"\#(id)","issuer":"\#(issuer)","client_id":"c"}"#
            }
            let providers = [
                provider("good", "http://127.0.0.1:\(port)"), provider("down", "http://127.0.0.1:1"),
                provider("nowhere", "https://nowhere.invalid"),
                provider("other", "http://127.0.0.1:\(port)/other"),
            ]
            try "[\(providers.joined(separator: ","))]".write(to: file, atomically: true, encoding: .utf8)
            var environment = installation.environment
            environment["SOCIALACCOUNT_PROVIDERS"] = file.path
            let check = try Program("auth-signals", ["check"], environment: environment)
            #expect(try await check.exitCode() == 75)
            let lines = check.lines
            #expect(lines.contains("provider good: ok"))
            #expect(
                lines.contains("provider down: unreachable: 127.0.0.1 cannot be reached: connection refused"))
            #expect(lines.contains { $0.hasPrefix("provider nowhere: unreachable: nowhere.invalid") })
            #expect(lines.contains { $0.hasPrefix("provider nowhere:") && $0.contains("unknown host") })
            #expect(lines.contains { $0.hasPrefix("provider other: unknown: ") })
            #expect(check.log.contains("not reachable: provider down, provider nowhere, provider other"))
            try await issuer.stop(SIGKILL)
        }

        private static let issuer = """
            import http.server, json
            class Handler(http.server.BaseHTTPRequestHandler):
                def do_GET(self):
                    url = f'http://127.0.0.1:{self.server.server_port}'
                    pages = {'/.well-known/openid-configuration': {
                        'issuer': url, 'authorization_endpoint': url + '/a', 'token_endpoint': url + '/t',
                        'jwks_uri': url + '/keys'}, '/keys': {'keys': []}}
                    body = json.dumps(pages.get(self.path, {})).encode()
                    self.send_response(200 if self.path in pages else 404)
                    self.send_header('content-type', 'application/json')
                    self.send_header('content-length', str(len(body)))
                    self.end_headers()
                    self.wfile.write(body)
                def log_message(self, *_): pass
            server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Handler)
            print(server.server_port, flush=True)
            server.serve_forever()
            """
    }
}
