// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthProviders
import AuthSignals
import Foundation
import Synchronization

/// Returns responses from a table and records the requests.
final class TableHTTP: ProviderHTTP {
    private let answers: Mutex<[String: JSONValue]>
    private let asked = Mutex<[ProviderRequest]>([])

    /// - Parameter answers: responses by method and URL without its query: `GET https://api.example.org/me`.
    init(_ answers: [String: JSONValue]) { self.answers = Mutex(answers) }

    var requests: [ProviderRequest] { asked.withLock { $0 } }

    func answer(_ request: String, with answer: JSONValue) { answers.withLock { $0[request] = answer } }

    func send(_ request: ProviderRequest) async throws(SocialProviderError) -> ProviderAnswer {
        asked.withLock { $0.append(request) }
        guard let answer = answers.withLock({ $0[request.key] }), let body = try? JSONEncoder().encode(answer)
        else { return ProviderAnswer(status: 404, body: Data("{}".utf8)) }
        return ProviderAnswer(status: 200, body: body)
    }
}

extension ProviderRequest {
    /// Method and URL without the query.
    var key: String {
        var parts = URLComponents(url: url, resolvingAgainstBaseURL: false)
        parts?.query = nil
        return "\(method.rawValue) \(parts?.string ?? "")"
    }

    /// The parameters of the query or of the form body.
    var members: [String: String] {
        var parts = URLComponents(url: url, resolvingAgainstBaseURL: false) ?? URLComponents()
        if let body, !body.isEmpty { parts.percentEncodedQuery = String(decoding: body, as: UTF8.self) }
        return (parts.queryItems ?? []).reduce(into: [:]) { $0[$1.name] = $1.value }
    }
}
