// SPDX-License-Identifier: Apache-2.0

/// This machine itself, as a host is named in URLs and settings.
package enum Loopback {
    /// Whether it is reached from nowhere else, whoever resolves names.
    package static func isHost(_ host: String) -> Bool {
        let host = host.lowercased()
        return ["localhost", "::1", "[::1]"].contains(host)
            // A name may begin with 127. as well: all four numbers are looked at.
            || host.wholeMatch(of: #/127(\.\d{1,3}){3}/#) != nil
    }
}
