// SPDX-License-Identifier: Apache-2.0
import AsyncHTTPClient
import AuthBroker
import AuthBrokerTools
import AuthServiceKit
import AuthSignals
import Foundation
import NIOCore
import NIOHTTP1

/// RabbitMQ's management API: `BROKER_MANAGEMENT_URL`, for example `http://user:password@127.0.0.1:15672/`.
struct ManagementAPI {
    private let base: String
    private let user: String
    private let password: String
    private let virtualHost: String

    /// Reads `BROKER_MANAGEMENT_URL`; nil if it is not set. Without user information in the URL, the broker's user is
    /// used.
    init?(reading reader: inout SettingsReader, _ broker: BrokerURL) {
        guard let text = reader.string("BROKER_MANAGEMENT_URL") else { return nil }
        guard var parts = URLComponents(string: text), ["http", "https"].contains(parts.scheme),
            parts.host?.isEmpty == false, parts.query == nil
        else {
            reader.fault("BROKER_MANAGEMENT_URL", "must be http://HOST:15672/ or https://HOST/")
            return nil
        }
        user = parts.user ?? broker.user
        password = parts.password ?? broker.password
        virtualHost = broker.virtualHost
        (parts.user, parts.password) = (nil, nil)
        let address = parts.string ?? ""
        base = address.hasSuffix("/") ? String(address.dropLast()) : address
    }

    /// All objects of the virtual host.
    ///
    /// - Throws: `ProcessFailure` if the API is not reachable or denies access.
    func inventory() async throws -> BrokerInventory {
        let vhost = encoded(virtualHost)
        return try await asking { client in
            BrokerInventory(
                exchanges: try await required("/api/exchanges/\(vhost)?columns=name,type,durable", client),
                queues: try await required(
                    "/api/queues/\(vhost)?columns=\(Self.queueColumns)", client),
                bindings: try await required("/api/bindings/\(vhost)", client),
                permissions: try await get("/api/vhosts/\(vhost)/permissions", client),
                users: try await get("/api/users", client),
                policies: try await get("/api/policies/\(vhost)", client),
                operatorPolicies: try await get("/api/operator-policies/\(vhost)", client))
        }
    }

    /// One queue; nil if it does not exist.
    ///
    /// - Throws: as ``inventory()``.
    func queue(_ name: String) async throws -> BrokerInventory.Queue? {
        try await asking { client in
            let queues: [BrokerInventory.Queue] = try await required(
                "/api/queues/\(encoded(virtualHost))?columns=\(Self.queueColumns)", client)
            return queues.first { $0.name == name }
        }
    }

    private static let queueColumns = "name,arguments,effective_policy_definition,policy,operator_policy"

    private func encoded(_ text: String) -> String {
        text.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? ""
    }

    private func asking<Answer>(_ body: (HTTPClient) async throws -> Answer) async throws -> Answer {
        let client = HTTPClient(
            eventLoopGroupProvider: .singleton,
            configuration: HTTPClient.Configuration(redirectConfiguration: .disallow))
        do {
            let answer = try await body(client)
            try await client.shutdown()
            return answer
        } catch {
            try? await client.shutdown()
            throw error
        }
    }

    private func required<Answer: Decodable>(_ path: String, _ client: HTTPClient) async throws -> Answer {
        guard let answer: Answer = try await get(path, client) else {
            throw ProcessFailure(
                .failed,
                "BROKER_MANAGEMENT_URL: the user may not use the management API; it needs the tag monitoring "
                    + "and rights in the virtual host")
        }
        return answer
    }

    /// - Returns: nil if the user has no access to the path.
    private func get<Answer: Decodable>(_ path: String, _ client: HTTPClient) async throws -> Answer? {
        var request = HTTPClientRequest(url: base + path)
        request.setBasicAuth(username: user, password: password)
        let response: HTTPClientResponse
        let body: ByteBuffer
        do {
            response = try await client.execute(request, timeout: .seconds(10))
            body = try await response.body.collect(upTo: 64 << 20)
        } catch {
            throw ProcessFailure(.unreachable, "BROKER_MANAGEMENT_URL: the management API is not reachable")
        }
        switch response.status.code {
        case 200: break
        case 401, 403: return nil
        case let other:
            throw ProcessFailure(
                .failed, "BROKER_MANAGEMENT_URL: the management API returned status \(other)")
        }
        do {
            return try JSONDecoder().decode(Answer.self, from: Data(body.readableBytesView))
        } catch {
            throw ProcessFailure(
                .failed, "BROKER_MANAGEMENT_URL: the response is not from RabbitMQ's management API")
        }
    }
}
