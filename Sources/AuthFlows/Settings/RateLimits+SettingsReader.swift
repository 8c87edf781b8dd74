// SPDX-License-Identifier: Apache-2.0
import AuthSignals
import Foundation

extension RateLimits {
    /// Reads `ACCOUNT_RATE_LIMITS`: `false`, or a JSON object of actions and rates that override the defaults, such as
    /// `{"login": "30/m/ip", "login_failed": "10/m/ip,5/300s/key", "signup": false}`.
    init(reading reader: inout SettingsReader) {
        self.init()
        let name = "ACCOUNT_RATE_LIMITS"
        ipv6Prefix = reader.int("ALLAUTH_RATE_LIMIT_IPV6_PREFIX", default: ipv6Prefix, in: 1...128)
        guard let text = reader.lines(name) else { return }
        if text.lowercased() == "false" {
            rates = [:]
            return
        }
        guard (try? StrictJSON.validate(Data(text.utf8), maximumDepth: 4)) != nil,
            let table = try? JSONDecoder().decode([String: Entry].self, from: Data(text.utf8))
        else {
            reader.fault(
                name, "must be false or a JSON object of actions and rates, such as {\"login\": \"30/m/ip\"}")
            return
        }
        for (word, entry) in table.sorted(by: { $0.key < $1.key }) {
            guard let action = Action(rawValue: word) else {
                if !Self.elsewhere.contains(word) {
                    reader.fault(name, "has an unknown action: \(word.cut(toUTF8Bytes: 40))")
                }
                continue
            }
            guard let rates = entry.rates else {
                reader.fault(name, "must give \(word) rates such as 10/m/ip,5/300s/key, or false")
                continue
            }
            self.rates[action] = rates
        }
    }

    /// allauth's actions of features that this project does not have.
    private static let elsewhere: Set<String> = ["change_phone", "verify_phone", "device_user_code"]

    /// The value of an action.
    private struct Entry: Decodable {
        /// Nil if the value is invalid; empty if the action is not limited.
        var rates: [Rate]?

        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            if container.decodeNil() {
                rates = []
            } else if let isLimited = try? container.decode(Bool.self) {
                rates = isLimited ? nil : []
            } else {
                let read = try container.decode(String.self).words.map { Rate($0) }
                rates = read.contains(nil) ? nil : read.compactMap { $0 }
            }
        }
    }
}
