// SPDX-License-Identifier: Apache-2.0
import AuthSignals
import Foundation
import Testing

@Suite struct VersionSevenIDTests {
    @Test func `an id has version 7, the variant of RFC 9562 and the time's milliseconds`() {
        let milliseconds = 1_795_420_800_123
        let id = UUID.version7(at: Date(timeIntervalSince1970: Double(milliseconds) / 1000))
        let text = id.wireText
        #expect(text == text.lowercased())
        #expect(UUID(uuidString: text) == id)
        #expect(id.uuid.6 >> 4 == 7)
        #expect(id.uuid.8 >> 6 == 0b10)
        #expect(Int(text.replacing("-", with: "").prefix(12), radix: 16) == milliseconds)
    }

    @Test func `ids of one millisecond differ`() {
        let time = Date()
        #expect(Set((0..<10_000).map { _ in UUID.version7(at: time) }).count == 10_000)
    }

    @Test func `ids sort in the order of their times`() {
        let start = Date(timeIntervalSince1970: 1_795_420_800)
        let texts = (0..<2000).map { UUID.version7(at: start.addingTimeInterval(Double($0) / 1000)).wireText }
        #expect(texts == texts.sorted())
    }

    @Test func `every random bit is used`() {
        var seen = (zeros: UInt64.max, ones: UInt64(0))
        for _ in 0..<500 {
            let bytes = UUID.version7(at: .distantPast).uuid
            let low = [bytes.8, bytes.9, bytes.10, bytes.11, bytes.12, bytes.13, bytes.14, bytes.15]
                .reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
            seen.zeros &= low
            seen.ones |= low
        }
        #expect(seen.zeros == 0x8000_0000_0000_0000)
        #expect(seen.ones == 0xBFFF_FFFF_FFFF_FFFF)
    }

    @Test func `a time before 1970 counts as 1970`() {
        #expect(UUID.version7(at: Date(timeIntervalSince1970: -5)).wireText.hasPrefix("00000000-0000-7"))
    }
}
