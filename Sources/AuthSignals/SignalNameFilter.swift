// SPDX-License-Identifier: Apache-2.0

/// An operator's selection of signals: a topic pattern in which `*` may also stand for a part of a word.
///
/// `account.password_*`, `account.*`, `socialaccount.#`. A queue cannot be bound with a partial word; bindings use
/// ``SignalPattern``.
public struct SignalNameFilter: Hashable, Sendable, CustomStringConvertible {
    public let rawValue: String
    private let words: [[UInt8]]

    /// - Throws: ``SignalError`` with code ``SignalError/Code/invalidPattern`` for an empty text or one over
    ///   255 bytes.
    public init(validating rawValue: String) throws(SignalError) {
        _ = try SignalPattern(validating: rawValue)
        self.rawValue = rawValue
        words = Self.words(of: rawValue)
    }

    public func matches(_ name: SignalName) -> Bool { matches(name.rawValue) }

    /// The narrowest binding pattern that covers everything the filter matches.
    public var binding: SignalPattern {
        let words = rawValue.split(separator: ".", omittingEmptySubsequences: false)
        let covering = words.map { $0.contains("*") ? "*" : $0 }.joined(separator: ".")
        // It is not longer than the filter, so it is valid.
        return (try? SignalPattern(validating: covering)) ?? "#"
    }

    /// Whether a signal name or routing key matches.
    public func matches(_ name: String) -> Bool { Self.matches(words[...], Self.words(of: name)[...]) }

    /// Whether any signal name can match, like ``SignalPattern/canMatchSignals``.
    public var canMatchSignals: Bool {
        SignalPattern.canMatchSignals(words) { word in
            let star = UInt8(ascii: "*")
            let bytes = word.filter { $0 != star }
            let beginsWell = word.first.map { $0 == star || SignalName.isLetter($0) } ?? false
            guard beginsWell, bytes.allSatisfy(SignalName.isWordByte) else { return nil }
            // A star may be empty if a letter follows it; otherwise it stands for at least one letter.
            let needsLetter = bytes.first.map { !SignalName.isLetter($0) } ?? true
            return bytes.count + (needsLetter ? 1 : 0)
        }
    }

    public var description: String { rawValue }

    private static func words(of text: String) -> [[UInt8]] {
        text.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false).map(Array.init)
    }

    private static func matches(_ pattern: ArraySlice<[UInt8]>, _ name: ArraySlice<[UInt8]>) -> Bool {
        // reachable[j]: the words read so far can match the first j words of the name.
        var reachable = [true] + Array(repeating: false, count: name.count)
        for word in pattern {
            var next = Array(repeating: false, count: name.count + 1)
            if word == [UInt8(ascii: "#")] {
                if let first = reachable.firstIndex(of: true) {
                    for j in first...name.count { next[j] = true }
                }
            } else {
                for (j, part) in name.enumerated() where reachable[j] && covers(word, part) {
                    next[j + 1] = true
                }
            }
            reachable = next
        }
        return reachable[name.count]
    }

    /// Whether a word with stars matches a word: each star matches zero or more bytes.
    private static func covers(_ word: [UInt8], _ part: [UInt8]) -> Bool {
        let pieces = word.split(separator: UInt8(ascii: "*"), omittingEmptySubsequences: false)
        guard pieces.count > 1 else { return word == part }
        guard part.starts(with: pieces[0]) else { return false }
        var rest = part.dropFirst(pieces[0].count)
        for piece in pieces[1..<(pieces.count - 1)] {
            // The leftmost match leaves the most bytes for the remaining pieces.
            guard
                let place = rest.indices.first(where: { rest[$0...].starts(with: piece) })
                    ?? (piece.isEmpty ? rest.endIndex : nil)
            else { return false }
            rest = rest[(place + piece.count)...]
        }
        let last = pieces[pieces.count - 1]
        return rest.count >= last.count && rest.suffix(last.count).elementsEqual(last)
    }
}

extension SignalNameFilter: ExpressibleByStringLiteral {
    /// A literal filter; a malformed literal ends the program.
    public init(stringLiteral value: String) {
        do { try self.init(validating: value) } catch { preconditionFailure("\(error)") }
    }
}
