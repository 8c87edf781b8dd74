// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import AuthBroker
@testable import AuthBrokerTools

@Suite struct DeadLetterWindowTests {
    private func sizes(_ count: Int, meanBytes: Int) -> [Int] {
        (0..<count).map { DeadLetterWindow(number: $0, from: 1, meanBytes: meanBytes).size }
    }

    @Test func `32 pages hold more than half a million dead letters, small or large`() {
        for bytes in [0, 1000, 64 << 10] {
            let sizes = sizes(32, meanBytes: bytes)
            #expect(sizes.reduce(0, +) > 500_000, "\(bytes) bytes")
            #expect(sizes.allSatisfy { (1...65_535).contains($0) })
        }
    }

    @Test func `large dead letters are read in small pages`() {
        #expect(sizes(2, meanBytes: 1000) == [512, 4096])
        #expect(sizes(2, meanBytes: 64 << 10) == [512, 512])
        #expect(sizes(2, meanBytes: 16 << 20) == [512, 256])
    }

    @Test func `consumer tags sort in page order`() {
        let tags = [0, 1, 9, 10, 31, 32, 1000].map {
            DeadLetterWindow(number: $0, from: 1, meanBytes: 0).consumerTag
        }
        #expect(tags == tags.sorted())
        #expect(Set(tags).count == tags.count)
    }

    @Test func `a page closes once it is full and half of its dead letters stay`() {
        var page = DeadLetterWindow(number: 0, from: 11, meanBytes: 0)
        for _ in 0..<page.size { page.delivered() }
        #expect(page.isFull)
        #expect(!page.isClosing)
        // Tags of earlier pages are ignored.
        for tag: UInt64 in 1...10 {
            page.stays(tag)
            page.settled(tag)
        }
        for tag: UInt64 in 11..<266 { page.stays(tag) }
        #expect(!page.isClosing)
        page.stays(266)
        #expect(page.isClosing)
        page.settled(267)
        #expect(page.isFull)
        page.told()
        #expect(!page.isFull)
    }
}
