// SPDX-License-Identifier: Apache-2.0
import AuthSignals

extension String {
    /// The stored form of a failure reason: at most 1 KiB.
    package var reason: String { cut(toUTF8Bytes: 1024) }
}
