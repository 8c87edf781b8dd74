// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthSignals
import Foundation

/// Times in the texts of mails.
///
/// Written by hand, since the formats of Foundation follow the data of the host's ICU, and the same mail must have the
/// same bytes on every host.
enum MailTime {
    /// A value `timestamp` for readers of a language: `27. November 2026, 08:00:05 Uhr (UTC)`. English mails contain the
    /// value unchanged, and so does every mail if it is not a time of the wire.
    static func text(_ value: String, in language: Language) -> String {
        guard language == .german, let date = Date(wireText: value) else { return value }
        var calendar = Calendar(identifier: .gregorian)
        calendar.timeZone = .gmt
        let parts = calendar.dateComponents([.day, .month, .year, .hour, .minute, .second], from: date)
        guard let day = parts.day, let month = parts.month, let year = parts.year, let hour = parts.hour,
            let minute = parts.minute, let second = parts.second, (1...12).contains(month)
        else { return value }
        let time = [hour, minute, second].map { $0 < 10 ? "0\($0)" : "\($0)" }.joined(separator: ":")
        return "\(day). \(germanMonths[month - 1]) \(year), \(time) Uhr (UTC)"
    }

    private static let germanMonths = [
        "Januar", "Februar", "März", "April", "Mai", "Juni", "Juli", "August", "September", "Oktober",
        "November", "Dezember",
    ]
}
