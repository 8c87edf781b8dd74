// SPDX-License-Identifier: Apache-2.0
import Foundation
import Testing

@testable import AuthSignals

@Suite struct SaturatingTests {
    @Test(
        arguments: [
            (0.9, 0), (-0.9, 0), (1e3, 1000), (-1e3, -1000), (1e300, Int64.max), (-1e300, Int64.min),
            (.infinity, .max), (-.infinity, .min), (.nan, 0), (9.3e18, .max), (-9.3e18, .min),
        ] as [(Double, Int64)])
    func `clamps a number to the nearest value that fits`(_ number: Double, _ whole: Int64) {
        #expect(Int64(saturating: number) == whole)
    }

    @Test func `clamps to the bounds of unsigned and narrow types`() {
        #expect(UInt64(saturating: -1) == 0)
        #expect(UInt64(saturating: 1e30) == .max)
        #expect(UInt8(saturating: 256) == 255)
        #expect(Int32(saturating: -1e10) == .min)
    }

    @Test(
        arguments: [
            (.milliseconds(1500), 1500), (.seconds(-2), -2000), (.zero, 0), (.nanoseconds(999_999), 0),
            (.seconds(Int64.max), .max), (.seconds(Int64.min), .min),
            (.seconds(9_223_372_036_854_775), 9_223_372_036_854_775_000),
            (.seconds(9_223_372_036_854_776), .max),
        ] as [(Duration, Int64)])
    func `clamps a duration that overflows in milliseconds`(
        _ duration: Duration, _ whole: Int64
    ) {
        #expect(duration.wholeMilliseconds == whole)
    }

    /// The arguments are numbers, because Foundation crashes when it describes a date that is not a number.
    @Test(arguments: [64_092_211_200, -62_135_769_600, .infinity, -1e300, .nan] as [TimeInterval])
    func `any date gives a version 7 id and a wire text`(_ seconds: TimeInterval) {
        let time = Date(timeIntervalSince1970: seconds)
        #expect(UUID.version7(at: time).wireText.utf8.count == 36)
        #expect(time.wireText.utf8.count == 24)
        #expect(time.wholeMilliseconds.wireText == time.wireText)
    }
}
