// SPDX-License-Identifier: Apache-2.0
import Synchronization

/// Sends mails to an SMTP server with libcurl, over connections that are kept open for a while.
public final class SMTPTransport: MailTransport {
    private let lanes: [SMTPConnection]
    /// The number of mails in flight or waiting on each connection.
    private let loads: Mutex<[Int]>

    /// Connects with the first mail.
    ///
    /// - Parameters:
    ///   - settings: the server.
    ///   - connections: how many mails can be sent concurrently, at least 1.
    public init(_ settings: SMTPSettings, connections: Int = 1) {
        lanes = (0..<max(1, connections)).map { _ in SMTPConnection(settings) }
        loads = Mutex(Array(repeating: 0, count: max(1, connections)))
    }

    public func send(_ mail: RenderedMail) async throws(MailError) {
        try await withLane { lane throws(MailError) in try await lane.send(mail) }
    }

    /// Connects, logs in, and sends the envelope of a mail to ``SMTPSettings/checkAddress`` up to RCPT; RSET cancels
    /// it.
    public func check() async throws(MailError) {
        try await withLane { lane throws(MailError) in try await lane.check() }
    }

    public func close() async { for lane in lanes { lane.close() } }

    private func withLane(_ body: (SMTPConnection) async throws(MailError) -> Void) async throws(MailError) {
        let index = loads.withLock { loads in
            let index = loads.indices.min { loads[$0] < loads[$1] } ?? 0
            loads[index] += 1
            return index
        }
        defer { loads.withLock { $0[index] -= 1 } }
        try await body(lanes[index])
    }
}
