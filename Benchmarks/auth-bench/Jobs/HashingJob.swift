// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthServer
import AuthSQLiteStore
import AuthStore
import Foundation
import Hummingbird
import NIOCore
import Synchronization

/// Requests without password hashing at a steady rate: first on an idle server, then while every core hashes passwords.
enum HashingJob {
    private static let password = Password("correct horse battery staple 17")
    private static let wrong = Password("wrong horse battery staple 18")

    static func run(_ job: Job) async throws -> Outcome {
        let cores = ProcessInfo.processInfo.activeProcessorCount
        let flows = FlowJob.accounts(on: try await RelayJobs.store(job), cost: job.scryptCost)
        let accounts = Accounts(
            store: flows.store, keys: flows.keys, settings: flows.settings,
            passwords: PasswordHasher(
                cost: PasswordHasher.Cost(n: job.scryptCost), concurrency: cores,
                longestWait: .seconds(3600)))
        let member = try await accounts.signUp(SignUp(email: "ada@example.org", password: password))
        guard case .success(let authentication) = member, let token = authentication.newToken else {
            throw BenchError("the sign-up failed")
        }
        let router = Router(context: BasicAuthRequestContext.self)
        router.get("/livez") { _, _ in #"{"alive":true}"# }
        AuthRoutes(accounts: accounts, settings: AuthServerSettings()).addRoutes(to: router)
        let (ports, port) = AsyncStream<Int>.makeStream()
        let server = Application(
            router: router, configuration: ApplicationConfiguration(address: .hostname("127.0.0.1", port: 0)),
            onServerRunning: { port.yield($0.localAddress?.port ?? 0) }, logger: .silent)
        let outcome = Mutex(Outcome())
        try await Running.services([server]) {
            var listening = ports.makeAsyncIterator()
            guard let port = await listening.next() else { throw BenchError("the server does not listen") }
            let request =
                "GET \(job.path) HTTP/1.1\r\nHost: bench\r\nX-Session-Token: \(token.exposedText)\r\n\r\n"
            let idle = try await Probe.times(request, port: port, job.count, perSecond: job.rate)
            let busy = try await whileHashing(accounts, logIns: 4 * cores) {
                try await Probe.times(request, port: port, job.count, perSecond: job.rate)
            }
            outcome.withLock { outcome in
                outcome.count = job.count
                outcome.samples = busy
                outcome.otherSamples = idle
            }
        }
        return outcome.withLock { $0 }
    }

    /// Runs the body while that many clients log in repeatedly.
    private static func whileHashing<R: Sendable>(
        _ accounts: Accounts, logIns: Int, _ body: @escaping @Sendable () async throws -> R
    ) async throws -> R {
        try await withThrowingTaskGroup(of: R?.self) { group in
            for _ in 0..<logIns {
                group.addTask {
                    while !Task.isCancelled {
                        _ = try? await accounts.logIn(LogIn(email: "ada@example.org", password: wrong))
                    }
                    return nil
                }
            }
            group.addTask {
                // Wait until all cores are busy and further log-ins are queued.
                while accounts.passwords.waitingCount < logIns / 2 {
                    try await Task.sleep(for: .milliseconds(5))
                }
                return try await body()
            }
            defer { group.cancelAll() }
            guard let times = try await group.next() ?? nil else { throw BenchError("nothing was measured") }
            return times
        }
    }
}

/// A client with one connection on its own thread, so that it waits only for the server.
private enum Probe {
    /// The response times of a request in milliseconds. Each is measured from the request's scheduled time.
    static func times(
        _ request: String, port: Int, _ count: Int, perSecond rate: Double
    ) async throws -> [Double] {
        try await withCheckedThrowingContinuation { continuation in
            Thread {
                continuation.resume(
                    with: Result { try timesWaiting(Array(request.utf8), port: port, count, rate) })
            }.start()
        }
    }

    private static func timesWaiting(_ request: [UInt8], port: Int, _ count: Int, _ rate: Double) throws
        -> [Double]
    {
        let connection = try connect(port: port)
        defer { close(connection) }
        let start = ContinuousClock.now + .milliseconds(50)
        return try (0..<count).map { number in
            let due = start + .seconds(Double(number) / rate)
            let pause = (due - .now) / .microseconds(1)
            if pause > 0 { usleep(UInt32(pause)) }
            guard write(connection, request, request.count) == request.count else {
                throw BenchError("sending a request failed")
            }
            try readAnswer(connection)
            return (ContinuousClock.now - due) / .milliseconds(1)
        }
    }

    private static func connect(port: Int) throws -> Int32 {
        let connection = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(UInt16(truncatingIfNeeded: port).bigEndian)
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        let result = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Foundation.connect(connection, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard result == 0 else { throw BenchError("the server is not reachable") }
        return connection
    }

    /// Reads one response with a `Content-Length`.
    private static func readAnswer(_ connection: Int32) throws {
        var text = ""
        var buffer = [UInt8](repeating: 0, count: 4096)
        while true {
            let count = read(connection, &buffer, buffer.count)
            guard count > 0 else { throw BenchError("the server closed the connection") }
            text += String(decoding: buffer.prefix(count), as: UTF8.self)
            guard let end = text.range(of: "\r\n\r\n") else { continue }
            guard text.hasPrefix("HTTP/1.1 200") else {
                throw BenchError("the status of a response is not 200")
            }
            let head = text[..<end.lowerBound].lowercased()
            guard let field = head.firstMatch(of: #/content-length: (\d+)/#), let length = Int(field.1) else {
                throw BenchError("a response has no Content-Length")
            }
            if text[end.upperBound...].utf8.count >= length { return }
        }
    }
}
