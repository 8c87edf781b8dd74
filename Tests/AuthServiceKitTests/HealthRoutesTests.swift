// SPDX-License-Identifier: Apache-2.0
import AuthServiceKit
import Hummingbird
import ServerTesting
import Testing

@Suite("Health routes")
struct HealthRoutesTests {
    @Test(arguments: [true, false])
    func `readyz answers 200 or 503 and reports every part`(ready: Bool) async throws {
        let routes = HealthRoutes(metrics: PrometheusMetrics()) {
            HealthRoutes.Report(ready: ready, parts: ["broker": "disconnected"])
        }
        let router = Router()
        routes.add(to: router)
        try await Application(router: router).test(.router) { client in
            try await client.execute(uri: "/readyz", method: .get) { response in
                #expect(response.status == (ready ? .ok : .serviceUnavailable))
                #expect(
                    String(buffer: response.body)
                        == "{\"parts\":{\"broker\":\"disconnected\"},\"ready\":\(ready)}\n")
            }
            try await client.execute(uri: "/livez", method: .get) { #expect($0.status == .ok) }
            try await client.execute(uri: "/metrics", method: .get) { response in
                #expect(response.status == .ok)
                let page = String(buffer: response.body)
                #expect(page.contains(ready ? "\nauth_signals_ready 1.0\n" : "\nauth_signals_ready 0.0\n"))
            }
        }
    }
}
