// SPDX-License-Identifier: Apache-2.0
import Crypto
import Foundation
import Synchronization

/// Tokens that applications brought, so that each is taken once in this process: allauth's `verify_jti`.
final class UsedTokens: Sendable {
    /// Where so many are known that are still valid, the ones that end first are forgotten first.
    private static let mostKnown = 100_000
    private let ends = Mutex<[Data: Date]>([:])

    /// - Returns: false where the token was used before.
    func insert(_ id: String, until end: Date, now: Date) -> Bool {
        let key = Data(SHA256.hash(data: Data(id.utf8)).prefix(16))
        return ends.withLock { ends in
            if let end = ends[key], end > now { return false }
            if ends.count >= Self.mostKnown { ends = ends.filter { $0.value > now } }
            if ends.count >= Self.mostKnown {
                let kept = ends.sorted { $0.value > $1.value }.prefix(Self.mostKnown / 2)
                ends = Dictionary(uniqueKeysWithValues: kept.map { ($0.key, $0.value) })
            }
            ends[key] = end
            return true
        }
    }
}
