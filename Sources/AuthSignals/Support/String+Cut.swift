// SPDX-License-Identifier: Apache-2.0

extension String {
    /// The longest prefix of whole code points that has at most `limit` bytes of UTF-8.
    ///
    /// - Parameter limit: 0 or more.
    public func cut(toUTF8Bytes limit: Int) -> String {
        guard utf8.count > limit else { return self }
        var end = utf8.index(startIndex, offsetBy: limit)
        while end > startIndex, end.samePosition(in: unicodeScalars) == nil { end = utf8.index(before: end) }
        return String(self[..<end])
    }
}
