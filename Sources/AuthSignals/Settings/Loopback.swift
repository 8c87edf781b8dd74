// SPDX-License-Identifier: Apache-2.0

/// The loopback interface, as a host in URLs and settings.
package enum Loopback {
    /// Whether the host is the loopback interface for every resolver.
    package static func isHost(_ host: String) -> Bool {
        let host = host.lowercased()
        return ["localhost", "::1", "[::1]"].contains(host)
            // A host name may start with 127. as well, so all four numbers are checked.
            || host.wholeMatch(of: #/127(\.\d{1,3}){3}/#) != nil
    }
}
