// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthHTTP
import Foundation

/// The numbers of the consumers' queues, from RabbitMQ's management API.
///
/// The API is called only while ``current()`` is called, at most once in two seconds, and in the background: a broker
/// that does not respond delays nothing.
actor BrokerNumbers: BrokerNumbersSource {
    /// Reads a page; replaced by tests.
    typealias Reader = @Sendable (NumbersPage) async -> Result<[UInt8], HTTPFault>

    private let page: NumbersPage?
    private let read: Reader
    private let clock = ContinuousClock()
    private var report = BrokerReport()
    private var lastRefresh: ContinuousClock.Instant?
    private var refresh: Task<Void, Never>?

    /// How long numbers are served before the API is called again. RabbitMQ itself counts every five seconds.
    private static let maximumAge = Duration.milliseconds(1900)
    /// The largest response that is read, in bytes: about 20,000 queues.
    private static let longestBody = 4 << 20

    /// - Parameters:
    ///   - management: where the management API is; nil if it is not set, which is reported.
    ///   - connections: the HTTP clients; the caller shuts them down.
    init(_ management: ManagementAddress?, connections: HTTPConnections) {
        self.init(management) { await $0.read(with: connections) }
    }

    init(_ management: ManagementAddress?, read: @escaping Reader) {
        page = management.flatMap(Self.page)
        self.read = read
        if management == nil {
            report.error = "BROKER_MANAGEMENT_URL is not set"
        } else if page == nil {
            report.error = "BROKER_MANAGEMENT_URL is not a URL that can be called"
        }
    }

    /// The last known numbers. Calls the API if they are old.
    func current() -> BrokerReport {
        refreshIfOld()
        return report
    }

    /// Waits until no call is in flight.
    func idle() async { await refresh?.value }

    private func refreshIfOld() {
        guard refresh == nil, let page else { return }
        if let lastRefresh, clock.now - lastRefresh < Self.maximumAge { return }
        lastRefresh = clock.now
        refresh = Task { await call(page) }
    }

    private func call(_ page: NumbersPage) async {
        switch await read(page) {
        case .success(let body):
            if let queues = ManagementQueues(decoding: body) {
                report = BrokerReport(queues: queues.numbers)
            } else {
                report.error = "the response is not from RabbitMQ's management API"
            }
        case .failure(let fault):
            report.error = "the management API: \(fault.message)"
        }
        refresh = nil
    }

    /// The queues of a virtual host, with the members that are used only.
    private static func page(_ management: ManagementAddress) -> NumbersPage? {
        let base = management.url.absoluteString
        let host = management.virtualHost.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? ""
        let columns = "name,messages_ready,messages_unacknowledged,messages,message_stats.ack_details.rate"
        let address =
            (base.hasSuffix("/") ? String(base.dropLast()) : base) + "/api/queues/\(host)?columns=\(columns)"
        return URL(string: address).map { url in
            NumbersPage(
                url: url, credentials: (management.user, management.password.exposedText),
                longestBody: longestBody)
        }
    }
}
