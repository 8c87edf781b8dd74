// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import AuthBroker

@Suite struct NodeMemoryTests {
    private let urls = ["a", "b", "c", "d"].map { BrokerURL(host: $0) }

    private func order(_ memory: NodeMemory) -> String { memory.order(urls).map(\.host).joined() }

    @Test
    func `working nodes come first, then unknown ones, then failed ones in order of their last failure`() {
        let memory = NodeMemory()
        #expect(order(memory) == "abcd")
        memory.failed(urls[0])
        #expect(order(memory) == "bcda")
        memory.worked(urls[2])
        #expect(order(memory) == "cbda")
        memory.failed(urls[1])
        #expect(order(memory) == "cdab")
        memory.failed(urls[0])
        #expect(order(memory) == "cdba")
        memory.worked(urls[0])
        #expect(order(memory) == "acdb")
        memory.failed(urls[0])
        memory.failed(urls[2])
        #expect(order(memory) == "dbac")
    }

    @Test func `a node is identified by host and port, not by user`() {
        let memory = NodeMemory()
        var other = BrokerURL(host: "A", user: "someone", virtualHost: "x")
        memory.failed(other)
        #expect(order(memory) == "bcda")
        other.port = 5673
        memory.worked(other)
        #expect(order(memory) == "bcda")
    }
}
