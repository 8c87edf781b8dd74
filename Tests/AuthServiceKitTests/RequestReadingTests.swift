// SPDX-License-Identifier: Apache-2.0
import NIOHTTP1
import Testing

@testable import AuthServiceKit

@Suite struct RequestReadingTests {
    private func asking(_ length: Int? = 10) -> RequestReading.Head {
        .init(isHead: false, awaitsContinue: true, length: length)
    }
    private var reading: RequestReading { RequestReading(bodyLimit: 100) }

    @Test func `a client that sends Expect: 100-continue receives 100 Continue at once`() {
        var reading = reading
        #expect(reading.receivedHead(asking()) == [.sendContinue, .startTimeLimit])
        reading.receivedBody()
        #expect(reading.receivedEnd() == [.stopTimeLimit])
        #expect(reading.sendsHead() == false)
        #expect(reading.sentEnd() == [])
    }

    @Test func `a body of unknown length or of the limit is requested`() {
        var reading = reading
        #expect(reading.receivedHead(asking(nil)).first == .sendContinue)
        reading = self.reading
        #expect(reading.receivedHead(asking(100)).first == .sendContinue)
    }

    @Test func `a body above the limit is not requested, and the connection closes after the response`() {
        var reading = reading
        #expect(reading.receivedHead(asking(101)) == [.startTimeLimit])
        #expect(reading.sendsHead() == true)
        #expect(reading.sentEnd() == [.close])
    }

    @Test func `a pipelined request receives 100 Continue after the responses before it`() {
        var reading = reading
        _ = reading.receivedHead(.init())
        _ = reading.receivedEnd()
        #expect(reading.receivedHead(asking()) == [.startTimeLimit])
        #expect(reading.sendsHead() == false)
        #expect(reading.sentEnd() == [.sendContinue])
        _ = reading.receivedEnd()
        #expect(reading.sentEnd() == [])
    }

    @Test func `a client that has already sent its body receives no 100 Continue`() {
        var reading = reading
        _ = reading.receivedHead(.init())
        _ = reading.receivedEnd()
        _ = reading.receivedHead(asking())
        reading.receivedBody()
        #expect(reading.sentEnd() == [])
    }

    @Test func `a body that arrives byte by byte does not extend its time limit`() {
        var reading = reading
        #expect(reading.receivedHead(.init(length: 50)) == [.startTimeLimit])
        // A received byte causes no action.
        for _ in 1...20 { reading.receivedBody() }
        #expect(reading.receivedEnd() == [.stopTimeLimit])
    }

    @Test func `a request answered before its end closes the connection`() {
        var reading = reading
        _ = reading.receivedHead(.init(length: 50))
        #expect(reading.sendsHead() == true)
        #expect(reading.sentEnd() == [.startShortTimeLimit])
        reading.receivedBody()
        #expect(reading.receivedEnd() == [.stopTimeLimit, .close])

        reading = self.reading
        _ = reading.receivedHead(.init(length: 50))
        #expect(reading.sendsHead() == true)
        #expect(reading.receivedEnd() == [.stopTimeLimit])
        #expect(reading.sentEnd() == [.close])
    }

    @Test func `only the response to HEAD has no body`() {
        var reading = reading
        _ = reading.receivedHead(.init(isHead: true))
        _ = reading.receivedEnd()
        _ = reading.receivedHead(.init())
        _ = reading.receivedEnd()
        #expect(reading.dropsBody)
        _ = reading.sentEnd()
        #expect(!reading.dropsBody)
        _ = reading.sentEnd()
        #expect(!reading.dropsBody)
    }

    @Test(arguments: [
        (HTTPVersion.http1_1, ["content-length": "3", "expect": "100-continue"], true),
        (.http1_1, ["content-length": "3", "expect": "100-Continue"], true),
        (.http1_1, ["transfer-encoding": "chunked", "expect": "100-continue"], true),
        (.http1_0, ["content-length": "3", "expect": "100-continue"], false),
        (.http1_1, ["content-length": "0", "expect": "100-continue"], false),
        (.http1_1, ["expect": "100-continue"], false),
        (.http1_1, ["content-length": "3", "expect": "something-else"], false),
        (.http1_1, ["content-length": "3"], false),
    ])
    func `recognizes Expect: 100-continue as RFC 9110 defines it`(
        version: HTTPVersion, headers: [String: String], asks: Bool
    ) {
        let head = HTTPRequestHead(
            version: version, method: .POST, uri: "/", headers: HTTPHeaders(headers.map { ($0, $1) }))
        #expect(RequestReading.Head(head).awaitsContinue == asks)
    }
}
