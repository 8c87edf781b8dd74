// SPDX-License-Identifier: Apache-2.0
import AuthBroker
import AuthBrokerTools
import AuthDashboard
import AuthFlows
import AuthHTTP
import AuthServiceKit
import AuthSignals
import Foundation

/// RabbitMQ's management API: `BROKER_MANAGEMENT_URL`, for example `http://user:password@127.0.0.1:15672/`.
struct ManagementAPI {
    private let base: String
    private let user: String
    private let password: String
    private let virtualHost: String
    private var outgoing = OutgoingHTTP()

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
        outgoing.authoritiesFile = reader.string("SSL_CERT_FILE")
        (parts.user, parts.password) = (nil, nil)
        let address = parts.string ?? ""
        base = address.hasSuffix("/") ? String(address.dropLast()) : address
    }

    /// Where the API is, for the dashboard's numbers.
    var address: ManagementAddress? {
        URL(string: base).map {
            ManagementAddress(
                url: $0, user: user, password: Password(password), virtualHost: virtualHost)
        }
    }

    /// All objects of the virtual host.
    ///
    /// - Throws: `ProcessFailure` if the API is not reachable or denies access.
    func inventory() async throws -> BrokerInventory {
        let vhost = encoded(virtualHost)
        return try await asking { connections in
            BrokerInventory(
                exchanges: try await required(
                    "/api/exchanges/\(vhost)?columns=name,type,durable", connections),
                queues: try await required(
                    "/api/queues/\(vhost)?columns=\(Self.queueColumns)", connections),
                bindings: try await required("/api/bindings/\(vhost)", connections),
                permissions: try await get("/api/vhosts/\(vhost)/permissions", connections),
                users: try await get("/api/users", connections),
                policies: try await get("/api/policies/\(vhost)", connections),
                operatorPolicies: try await get("/api/operator-policies/\(vhost)", connections),
                nodes: try await get("/api/nodes?columns=name,running", connections))
        }
    }

    /// One queue; nil if it does not exist.
    ///
    /// - Throws: as ``inventory()``.
    func queue(_ name: String) async throws -> BrokerInventory.Queue? {
        try await asking { connections in
            let queues: [BrokerInventory.Queue] = try await required(
                "/api/queues/\(encoded(virtualHost))?columns=\(Self.queueColumns)", connections)
            return queues.first { $0.name == name }
        }
    }

    private static let queueColumns =
        "name,arguments,effective_policy_definition,policy,operator_policy,type,members,leader"

    private func encoded(_ text: String) -> String {
        text.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? ""
    }

    private func asking<Answer>(_ body: (HTTPConnections) async throws -> Answer) async throws -> Answer {
        let connections = HTTPConnections(outgoing, connectTimeout: .seconds(10))
        do {
            let answer = try await body(connections)
            await connections.shutdown()
            return answer
        } catch {
            await connections.shutdown()
            throw error
        }
    }

    private func required<Answer: Decodable>(_ path: String, _ connections: HTTPConnections) async throws
        -> Answer
    {
        guard let answer: Answer = try await get(path, connections) else {
            throw ProcessFailure(
                .failed,
                "BROKER_MANAGEMENT_URL: the user may not use the management API; it needs the tag monitoring "
                    + "and rights in the virtual host")
        }
        return answer
    }

    /// - Returns: nil if the user has no access to the path.
    private func get<Answer: Decodable>(_ path: String, _ connections: HTTPConnections) async throws
        -> Answer?
    {
        let response: OutgoingResponse
        do {
            guard let url = URL(string: base + path) else { throw HTTPFault(.other, "invalid URL") }
            var request = OutgoingRequest(url, timeout: .seconds(10))
            request.setBasicAuthorization(user: user, password: password)
            request.responseBody = .upTo(64 << 20)
            response = try await connections.send(request)
        } catch {
            throw ProcessFailure(.unreachable, "BROKER_MANAGEMENT_URL: the management API is not reachable")
        }
        switch response.status {
        case 200: break
        case 401, 403: return nil
        case let other:
            throw ProcessFailure(
                .failed, "BROKER_MANAGEMENT_URL: the management API returned status \(other)")
        }
        do {
            return try JSONDecoder().decode(Answer.self, from: Data(response.body))
        } catch {
            throw ProcessFailure(
                .failed, "BROKER_MANAGEMENT_URL: the response is not from RabbitMQ's management API")
        }
    }
}
