// SPDX-License-Identifier: Apache-2.0
import AuthProviders
import ServiceLifecycle

/// Shuts an HTTP client for outgoing calls down at the end of the process. It comes before the listener in the list of
/// services, so that it is stopped later: the last requests may still need the client.
struct ProviderClientService: Service {
    private let client: ProviderClient

    init(_ client: ProviderClient) { self.client = client }

    func run() async throws {
        // The client is shut down after a graceful shutdown and also if another service failed and cancelled this task.
        try? await gracefulShutdown()
        await client.shutdown()
    }
}
