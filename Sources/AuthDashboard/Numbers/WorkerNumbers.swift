// SPDX-License-Identifier: Apache-2.0
import AuthHTTP
import Foundation

/// The numbers of workers, read from their own metrics pages.
///
/// Pages are read only while ``current()`` is called, at most once in two seconds, and in the background: a worker that
/// does not respond delays nothing.
actor WorkerNumbers: WorkerNumbersSource {
    private struct Worker {
        var address: String
        var page: NumbersPage
        var history = WorkerHistory()
        var error: String?
    }

    /// Reads a page; replaced by tests.
    typealias Reader = @Sendable (NumbersPage) async -> Result<[UInt8], HTTPFault>

    private var workers: [Worker]
    private let read: Reader
    private let clock = ContinuousClock()
    private let start: ContinuousClock.Instant
    private var lastRefresh: ContinuousClock.Instant?
    private var refresh: Task<Void, Never>?

    /// How long numbers are served before the pages are read again.
    private static let maximumAge = Duration.milliseconds(1900)
    /// How many pages are read at a time.
    private static let concurrency = 8

    /// - Parameters:
    ///   - pages: `DASHBOARD_WORKERS`, the URLs of metrics pages.
    ///   - connections: the HTTP clients; the caller shuts them down.
    init(pages: [URL], connections: HTTPConnections) {
        self.init(pages: pages) { await $0.read(with: connections) }
    }

    init(pages: [URL], read: @escaping Reader) {
        workers = pages.map { Worker(address: Self.address(of: $0), page: Self.page($0)) }
        self.read = read
        start = clock.now
    }

    /// The last known numbers, in the order of the settings. Starts reading the pages if the numbers are old.
    func current() -> [WorkerReport] {
        refreshIfOld()
        return workers.map { $0.history.report(address: $0.address, error: $0.error) }
    }

    /// Waits until no page is being read.
    func idle() async { await refresh?.value }

    private func refreshIfOld() {
        guard refresh == nil, !workers.isEmpty else { return }
        if let lastRefresh, clock.now - lastRefresh < Self.maximumAge { return }
        lastRefresh = clock.now
        refresh = Task { await readAll() }
    }

    private func readAll() async {
        let pages = workers.map(\.page)
        let read = read
        await withTaskGroup(of: (Int, Result<[UInt8], HTTPFault>).self) { group in
            for (index, page) in pages.enumerated() {
                if index >= Self.concurrency, let done = await group.next() { record(done.1, of: done.0) }
                group.addTask { (index, await read(page)) }
            }
            for await done in group { record(done.1, of: done.0) }
        }
        refresh = nil
    }

    private func record(_ answer: Result<[UInt8], HTTPFault>, of index: Int) {
        switch answer {
        case .success(let body):
            guard let metrics = WorkerMetrics(parsing: body) else {
                workers[index].error = "the page has no metrics of a worker"
                return
            }
            workers[index].error = nil
            workers[index].history.add(metrics, at: clock.now - start)
        case .failure(let fault):
            workers[index].error = fault.message
        }
    }

    /// Host and port, and the path if it is not the usual one; never the user information.
    static func address(of url: URL) -> String {
        let host = url.host ?? ""
        let name = host.contains(":") && !host.hasPrefix("[") ? "[\(host)]" : host
        let port = url.port.map { ":\($0)" } ?? ""
        let path = url.path
        return name + port + (["", "/", "/metrics"].contains(path) ? "" : path)
    }

    /// The page of a URL: user information becomes credentials, and a URL without a path is that of `/metrics`.
    private static func page(_ url: URL) -> NumbersPage {
        guard var parts = URLComponents(url: url, resolvingAgainstBaseURL: false) else {
            return NumbersPage(url: url)
        }
        let credentials = parts.user.map { (user: $0, password: parts.password ?? "") }
        (parts.user, parts.password) = (nil, nil)
        if ["", "/"].contains(parts.path) { parts.path = "/metrics" }
        return NumbersPage(url: parts.url ?? url, credentials: credentials)
    }
}
