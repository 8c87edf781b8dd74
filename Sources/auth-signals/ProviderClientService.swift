// SPDX-License-Identifier: Apache-2.0
import AuthProviders
import ServiceLifecycle

/// A client for HTTP calls to others, for as long as the server runs. It ends after what stands behind it in the
/// list of services: who is served last may still need an answer.
struct ProviderClientService: Service {
    private let client: ProviderClient

    init(_ client: ProviderClient) { self.client = client }

    func run() async throws {
        // Both ways out end the client: the polite one, and a task that is cancelled because another part failed.
        try? await gracefulShutdown()
        await client.shutdown()
    }
}
