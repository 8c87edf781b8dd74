// SPDX-License-Identifier: Apache-2.0
import Foundation

/// Trims a provider's profile that is too large: removes members of `extra_data`, largest first, then by name, and sets
/// `truncated` in it.
enum ExtraDataTrimming {
    /// - Parameters:
    ///   - data: the signal's members as JSON.
    ///   - limit: the maximum size of the result in bytes.
    /// - Throws: ``SignalError`` with code ``SignalError/Code/tooLarge``.
    static func trim(_ data: Data, to limit: Int, name: SignalName) throws(SignalError) -> Data {
        let tooLarge = SignalError(
            .tooLarge,
            "\(name) has \(data.count) bytes of data, the maximum is \(limit): make its members smaller")
        guard case .object(var members)? = try? SignalCodec.decoder().decode(JSONValue.self, from: data)
        else {
            throw tooLarge
        }
        var present = data.count
        for holder in ["sociallogin", "socialaccount"] {
            guard case .object(var inner)? = members[holder],
                case .object(var extra)? = inner["extra_data"]
            else { continue }
            var excess = present + #","truncated":true"#.utf8.count - limit
            let largestFirst = extra.map { (key: $0.key, size: size(of: $0.key, $0.value)) }
                .sorted { $0.size != $1.size ? $0.size > $1.size : $0.key < $1.key }
            for member in largestFirst where excess > 0 {
                extra[member.key] = nil
                excess -= member.size
            }
            extra["truncated"] = true
            inner["extra_data"] = .object(extra)
            members[holder] = .object(inner)
            guard let trimmed = try? SignalCodec.encoder().encode(JSONValue.object(members)) else { break }
            if trimmed.count <= limit { return trimmed }
            present = trimmed.count
        }
        throw tooLarge
    }

    private static func size(of key: String, _ value: JSONValue) -> Int {
        let encoder = SignalCodec.encoder()
        let bytes = try? encoder.encode([key: value]).count
        return (bytes ?? 2) - 2 + 1
    }
}
