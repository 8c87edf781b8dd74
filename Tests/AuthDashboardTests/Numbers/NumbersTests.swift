// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthHTTP
import Foundation
import Synchronization
import Testing

@testable import AuthDashboard

@Suite struct ManagementQueuesTests {
    @Test func `shows the consumer's queue of a real broker with its ladder and its dead letters`() throws {
        let queues = try #require(ManagementQueues(decoding: Array(NumbersSamples.queues.utf8)))
        #expect(
            queues.numbers == [
                QueueNumbers(name: "billing", ready: 3, unacked: 0, ratePerSecond: 0, retry: 0, dead: 0)
            ])
    }

    @Test func `sums the rungs and ignores other applications' queues`() throws {
        let queues = try decoded(
            #"{"name":"b","messages_ready":1,"messages_unacknowledged":2}"#,
            #"{"name":"b.dead","messages":7}"#, #"{"name":"b.retry.1s","messages":3}"#,
            #"{"name":"b.retry.1h","messages":4}"#, #"{"name":"b.retry.5m","messages":9}"#,
            #"{"name":"tasks","messages_ready":99}"#, #"{"name":"b.bindings","messages":1}"#)
        #expect(
            queues.numbers == [
                QueueNumbers(name: "b", ready: 1, unacked: 2, ratePerSecond: nil, retry: 7, dead: 7)
            ])
    }

    @Test func `leaves out what the broker has not counted yet, and what is not a count`() throws {
        let queues = try decoded(
            #"{"name":"b","messages_ready":-1,"messages_unacknowledged":1e300}"#, #"{"name":"b.dead"}"#)
        #expect(queues.numbers == [QueueNumbers(name: "b")])
    }

    /// RabbitMQ 3.10 answers like this for a queue that has received messages, and of which none was acknowledged.
    @Test func `shows a queue's first dead letter, of which the broker has no rate yet`() throws {
        let queues = try decoded(
            #"{"message_stats":{"ack_details":{"rate":2.5}},"name":"b"}"#,
            #"{"message_stats":[],"messages":1,"messages_ready":1,"messages_unacknowledged":0,"name":"b.dead"}"#
        )
        #expect(queues.numbers == [QueueNumbers(name: "b", ratePerSecond: 2.5, dead: 1)])
    }

    @Test(arguments: [
        "", "{}", "[{}]", "[1]", #"[{"name":7}]"#, "<html>", "[",
    ])
    func `refuses another program's response`(body: String) {
        #expect(ManagementQueues(decoding: Array(body.utf8)) == nil)
    }

    @Test func `shows a bounded number of queues`() throws {
        let names = (0..<500).map { "q\($0)" }
        let queues = names.flatMap { [#"{"name":"\#($0)"}"#, #"{"name":"\#($0).dead"}"#] }
        let body = "[" + queues.joined(separator: ",") + "]"
        let decoded = try #require(ManagementQueues(decoding: Array(body.utf8)))
        #expect(decoded.numbers.count == ManagementQueues.most)
    }

    private func decoded(_ queues: String...) throws -> ManagementQueues {
        try #require(ManagementQueues(decoding: Array(("[" + queues.joined(separator: ",") + "]").utf8)))
    }
}

@Suite struct BrokerNumbersTests {
    @Test func `calls the management API for the queues of the virtual host, as its user`() async {
        let pages = Mutex<[NumbersPage]>([])
        let numbers = BrokerNumbers(management) { page in
            pages.withLock { $0.append(page) }
            return .success(Array(NumbersSamples.queues.utf8))
        }
        #expect(await numbers.current() == BrokerReport())
        await numbers.idle()
        let report = await numbers.current()
        #expect(report.error == nil)
        #expect(report.queues.map(\.name) == ["billing"])
        let page = pages.withLock { $0.first }
        #expect(
            page?.url.absoluteString.hasPrefix("http://127.0.0.1:15672/api/queues/%2F?columns=name,") == true)
        #expect(page?.credentials?.user == "guest")
        #expect(page?.credentials?.password == "geheim")
    }

    @Test func `reports an error without address or password, and keeps nothing secret in it`() async {
        let numbers = BrokerNumbers(management) { _ in .failure(HTTPFault(.refused, "connection refused")) }
        _ = await numbers.current()
        await numbers.idle()
        #expect(await numbers.current().error == "the management API: connection refused")
    }

    @Test func `reports a response of another program`() async {
        let numbers = BrokerNumbers(management) { _ in .success(Array("<html>".utf8)) }
        _ = await numbers.current()
        await numbers.idle()
        #expect(await numbers.current().error == "the response is not from RabbitMQ's management API")
    }

    @Test func `names the setting that is missing`() async {
        let numbers = BrokerNumbers(nil) { _ in .success([]) }
        #expect(await numbers.current().error == "BROKER_MANAGEMENT_URL is not set")
    }

    private let management = ManagementAddress(
        url: URL(string: "http://127.0.0.1:15672") ?? URL(filePath: "/"), user: "guest",
        password: Password("geheim"), virtualHost: "/")
}

@Suite struct WorkerNumbersTests {
    @Test func `shows the workers in the order of the settings, the lost one with its error`() async {
        let numbers = WorkerNumbers(pages: urls("http://one:9090/metrics", "http://two:9090")) { page in
            page.url.host == "one"
                ? .success(Array(NumbersSamples.metricsPage.utf8))
                : .failure(HTTPFault(.unknownHost, "unknown host: the name has no address"))
        }
        _ = await numbers.current()
        await numbers.idle()
        let reports = await numbers.current()
        #expect(reports.map(\.address) == ["one:9090", "two:9090"])
        #expect(reports.first?.handledTotal == 5)
        #expect(reports.first?.error == nil)
        #expect(reports.last?.handledTotal == nil)
        #expect(reports.last?.error == "unknown host: the name has no address")
    }

    @Test func `reads all pages of many workers`() async {
        let pages = (1...50).map { "http://worker-\($0):9090/metrics" }
        let numbers = WorkerNumbers(pages: pages.compactMap { URL(string: $0) }) { _ in
            .success(Array(NumbersSamples.metricsPage.utf8))
        }
        _ = await numbers.current()
        await numbers.idle()
        #expect(await numbers.current().count { $0.handledTotal == 5 } == 50)
    }

    @Test func `reports a page that is not a worker's`() async {
        let numbers = WorkerNumbers(pages: urls("http://one:9090")) { _ in .success(Array("up 1".utf8)) }
        _ = await numbers.current()
        await numbers.idle()
        #expect(await numbers.current().first?.error == "the page has no metrics of a worker")
    }

    @Test func `sends the user of a URL as credentials and shows it nowhere`() async {
        let pages = Mutex<[NumbersPage]>([])
        let numbers = WorkerNumbers(pages: urls("https://ada:geheim@one.example/")) { page in
            pages.withLock { $0.append(page) }
            return .failure(HTTPFault(.refused, "connection refused"))
        }
        _ = await numbers.current()
        await numbers.idle()
        #expect(await numbers.current().map(\.address) == ["one.example"])
        let page = pages.withLock { $0.first }
        #expect(page?.url.absoluteString == "https://one.example/metrics")
        #expect(page?.credentials?.user == "ada")
        #expect(page?.credentials?.password == "geheim")
    }

    @Test func `reads nothing without workers`() async {
        let numbers = WorkerNumbers(pages: []) { _ in .success([]) }
        #expect(await numbers.current().isEmpty)
    }

    private func urls(_ texts: String...) -> [URL] { texts.compactMap { URL(string: $0) } }
}
