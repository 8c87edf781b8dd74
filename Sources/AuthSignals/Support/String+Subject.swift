// SPDX-License-Identifier: Apache-2.0

extension String {
    /// The string as a subject: a UUID in lower case, as on the wire (RFC 9562, section 4); any other string unchanged.
    ///
    /// Foundation writes UUIDs in upper case. Without this, `"\(user.id)"` and the id in our own signals would be two
    /// subjects, which are neither found together nor handled in order.
    package var asSubject: String {
        // Nearly all subjects are lower case already.
        guard utf8.count == 36, utf8.contains(where: { UInt8(ascii: "A")...UInt8(ascii: "F") ~= $0 }) else {
            return self
        }
        for (position, byte) in utf8.enumerated() {
            switch (position, byte) {
            case (8, UInt8(ascii: "-")), (13, UInt8(ascii: "-")), (18, UInt8(ascii: "-")),
                (23, UInt8(ascii: "-")):
                break
            case (8, _), (13, _), (18, _), (23, _): return self
            case (_, UInt8(ascii: "0")...UInt8(ascii: "9")), (_, UInt8(ascii: "a")...UInt8(ascii: "f")),
                (_, UInt8(ascii: "A")...UInt8(ascii: "F")):
                break
            default: return self
            }
        }
        return lowercased()
    }
}
