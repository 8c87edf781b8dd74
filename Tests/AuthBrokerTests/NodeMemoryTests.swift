// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import AuthBroker

@Suite struct NodeMemoryTests {
    private let urls = ["a", "b", "c", "d"].map { BrokerURL(host: $0) }

    private func order(_ memory: NodeMemory, seed: Int64 = 0) -> String {
        var settings = BrokerSettings(urls: urls)
        settings.orderSeed = seed
        return memory.order(settings).map(\.host).joined()
    }

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

    @Test func `processes try unknown nodes in different orders, and each process always in its own`() {
        let orders = (1...100).map { order(NodeMemory(), seed: $0) }
        #expect(orders == (1...100).map { order(NodeMemory(), seed: $0) })
        #expect(Set(orders.map { $0.prefix(1) }) == ["a", "b", "c", "d"])
        #expect(orders.allSatisfy { $0.sorted() == ["a", "b", "c", "d"] })
    }

    @Test func `what a node did counts for more than the random order`() {
        let memory = NodeMemory()
        memory.worked(urls[2])
        memory.failed(urls[0])
        for seed in Int64(1)...20 {
            let order = order(memory, seed: seed)
            #expect(order.first == "c")
            #expect(order.last == "a")
        }
    }

    @Test func `keeps the listed order if the settings say so`() {
        var settings = BrokerSettings(urls: urls)
        #expect(settings.seed != 0)
        settings.urlOrder = .listed
        for seed in Int64(1)...20 {
            settings.orderSeed = seed
            #expect(NodeMemory().order(settings) == urls)
        }
    }
}
