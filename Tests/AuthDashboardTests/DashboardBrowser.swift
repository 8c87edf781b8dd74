// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthHTTP
import AuthServer
import AuthSignals
import AuthSQLiteStore
import AuthStore
import AuthTesting
import Foundation
import Hummingbird
import Logging

@testable import AuthDashboard

/// A dashboard over a store in memory, and a browser that sends requests to its routes.
final class DashboardBrowser: Sendable {
    struct PeerSource: RequestContextSource {
        let logger: Logger
        let peer: String?
    }

    struct Context: AuthRequestContext {
        var coreContext: CoreRequestContextStorage
        var identity: Authentication?
        let requestID = UUID()
        let peerAddress: String?

        typealias Source = PeerSource

        init(source: PeerSource) {
            coreContext = .init(source: source)
            peerAddress = source.peer
        }
    }

    struct NoNumbers: BrokerNumbersSource, WorkerNumbersSource {
        func current() async -> BrokerReport { BrokerReport(queues: [QueueNumbers(name: "mail")]) }
        func current() async -> [WorkerReport] { [] }
    }

    let store: SQLiteStore
    let dashboard: Dashboard
    let letters = MemoryDeadLetters()
    private let responder: RouterResponder<Context>
    private let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
    /// The cookie that the browser holds.
    let cookie = Locked<String?>(nil)

    init(
        token: String? = nil, mails: MailPlace = .elsewhere("mails are sent to smtp://mail"),
        retention: Duration = StoreSettings.defaultRetention, interval: Duration = .milliseconds(5)
    ) throws {
        store = try SQLiteStore.inMemory(retention: retention, logger: logger)
        var settings = DashboardSettings()
        settings.isEnabled = true
        settings.token = token.map(DashboardToken.init)
        var subject = Dashboard.Subject(
            store: store, keys: KeyRing(secret: "a secret of the test's, of more than 32 bytes"),
            mails: mails,
            publicURL: "http://localhost:8080", source: "https://accounts.example.org")
        subject.deadLetters = letters
        subject.inFlight = { 7 }
        dashboard = Dashboard(
            settings, subject: subject, connections: HTTPConnections(connectTimeout: .seconds(1)),
            broker: NoNumbers(), workers: NoNumbers(), interval: interval, logger: logger)
        let router = Router(context: Context.self)
        dashboard.addRoutes(to: router)
        responder = router.buildResponder()
    }

    func send(
        _ method: HTTPRequest.Method, _ path: String, host: String = "localhost:8080",
        peer: String? = "127.0.0.1", headers: [String: String] = [:], body: String = ""
    ) async throws -> Response {
        var request = HTTPRequest(method: method, scheme: "http", authority: host, path: path)
        for (name, value) in headers { request.headerFields[HTTPFields.Element.Name(name)!] = value }
        if let cookie = cookie.value { request.headerFields[.cookie] = cookie }
        let response = try await responder.respond(
            to: Request(head: request, body: RequestBody(buffer: ByteBuffer(string: body))),
            context: Context(source: PeerSource(logger: logger, peer: peer)))
        if let set = response.headers[.setCookie] {
            cookie.change { $0 = String(set.prefix { $0 != ";" }) }
        }
        return response
    }

    /// An action of the page, with its CSRF token.
    func act(_ path: String, origin: String? = "http://localhost:8080", csrf: String? = nil) async throws
        -> Response
    {
        let page = try await text(of: send(.get, "/dashboard/"))
        let held = page.firstMatch(of: /name="csrf-token" content="([^"]+)"/).map { String($0.1) }
        var headers = ["X-CSRFToken": csrf ?? held ?? ""]
        headers["Origin"] = origin
        return try await send(.post, path, headers: headers)
    }

    func json(_ path: String) async throws -> JSONValue {
        let text = try await text(of: send(.get, path))
        return try JSONDecoder().decode(JSONValue.self, from: Data(text.utf8))
    }

    /// The whole body of a response.
    func text(of response: Response) async throws -> String {
        let written = Locked("")
        try await response.body.write(CollectingWriter(written: written))
        return written.value
    }
}

/// Keeps what is written.
struct CollectingWriter: ResponseBodyWriter {
    let written: Locked<String>

    mutating func write(_ buffer: ByteBuffer) async throws {
        try Task.checkCancellation()
        written.change { $0 += String(buffer: buffer) }
    }

    consuming func finish(_ trailingHeaders: HTTPFields?) async throws {}
}

/// Dead letters in memory: the ids of one queue.
actor MemoryDeadLetters: DeadLetterAccess {
    private(set) var ids = ["one", "two"]
    private(set) var requeued: [String] = []

    func list(_ queue: String) async throws(DashboardError) -> DeadLetterPage {
        guard queue == "mail" else { throw DashboardError(.notFound, "the queue does not exist") }
        return DeadLetterPage(
            messages: ids.map { DeadLetterPage.Message(id: $0, name: "user_signed_up") }, more: false)
    }

    func requeue(_ id: String, of queue: String) async throws(DashboardError) -> Int {
        requeued.append(id)
        return try await drop(id, of: queue)
    }

    func drop(_ id: String, of queue: String) async throws(DashboardError) -> Int {
        guard ids.contains(id) else { throw DashboardError(.notFound, "no dead letter has that id") }
        ids.removeAll { $0 == id }
        return 1
    }
}
