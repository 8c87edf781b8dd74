// SPDX-License-Identifier: Apache-2.0
package import Foundation

extension Date {
    /// The stored form of a time: whole milliseconds since 1970, clamped to 64 bits.
    package var milliseconds: Int64 { Int64(saturating: (timeIntervalSince1970 * 1000).rounded()) }

    package init(milliseconds: Int64) { self.init(timeIntervalSince1970: Double(milliseconds) / 1000) }
}
