// SPDX-License-Identifier: Apache-2.0
import AuthSignals
import Foundation

/// `application/x-www-form-urlencoded`: RFC 6749, appendix B.
enum FormEncoding {
    static func text(of members: [(String, String)]) -> String {
        members.map { "\(encoded($0.0))=\(encoded($0.1))" }.joined(separator: "&")
    }

    static func encoded(_ text: String) -> String { PercentCoding.encode(text) }

    /// The members of a form; the first one if several have the same name. Malformed names and values
    /// are empty.
    static func members(of text: String) -> [String: String] {
        var members: [String: String] = [:]
        for pair in text.split(separator: "&") {
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let decoded = parts.map { PercentCoding.decode($0, plusIsSpace: true) ?? "" }
            if members[decoded[0]] == nil { members[decoded[0]] = decoded.count > 1 ? decoded[1] : "" }
        }
        return members
    }
}

extension URL {
    /// The URL with members added to its query; the existing query is kept (RFC 6749, section 3.1).
    func adding(query: [(String, String)]) -> URL {
        guard !query.isEmpty, var parts = URLComponents(url: self, resolvingAgainstBaseURL: false) else {
            return self
        }
        let existing = parts.percentEncodedQuery.map { $0.isEmpty ? "" : $0 + "&" } ?? ""
        parts.percentEncodedQuery = existing + FormEncoding.text(of: query)
        return parts.url ?? self
    }
}
