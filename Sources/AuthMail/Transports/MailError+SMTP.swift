// SPDX-License-Identifier: Apache-2.0
import CCurl
import Foundation

extension MailError {
    /// What a call of the C face means for the mail; nil where the server has taken it.
    ///
    /// A 5xx reply is about this mail only where it answers RCPT or the mail itself. Before that (greeting,
    /// TLS, log-in, sender) it is about the server or our settings: the mail waits until somebody has mended
    /// them.
    ///
    /// - Parameter hiding: addresses, which a server likes to quote in its replies.
    init?(_ result: CCurlResult, fault: String, reply: String, hiding: [String]) {
        let code = Int(result.replyCode)
        let words = Self.redacted(reply.isEmpty ? fault : reply, hiding: hiding)
        switch result.status {
        case .ok: return nil
        case .invalid: self.init(.malformed, fault)
        case .interrupted: self.init(.interrupted, "sending was cancelled")
        case .timedOut: self.init(.timedOut, "the mail server did not answer in time")
        case .tlsFailed: self.init(.tlsFailed, Self.redacted(fault, hiding: hiding))
        // The server's words could quote what we sent to log in.
        case .loginRefused: self.init(.loginRefused, "the mail server refused the log-in", replyCode: code)
        case .refused where code == 530 || code == 535 || code == 538:
            self.init(.loginRefused, "the mail server wants a log-in or TLS", replyCode: code)
        case .refused where result.step == .login:
            self.init(.loginRefused, "the mail server refused the log-in", replyCode: code)
        case .refused where code == 421 || ![.recipient, .data].contains(result.step) && code != 552:
            self.init(.unavailable, words, replyCode: code)
        case .refused: self.init(code >= 500 ? .refused : .postponed, words, replyCode: code)
        default: self.init(.unavailable, Self.redacted(fault, hiding: hiding))
        }
    }

    /// The words without addresses, at most 300 bytes.
    static func redacted(_ words: String, hiding addresses: [String]) -> String {
        var words = words
        for address in addresses {
            words = words.replacingOccurrences(of: address, with: "<address>", options: .caseInsensitive)
            // Some servers quote the local part alone; a shorter one would be found in any word.
            if let local = address.split(separator: "@").first, local.count >= 3 {
                words = words.replacingOccurrences(
                    of: String(local), with: "<address>", options: .caseInsensitive)
            }
        }
        let tokens = words.split(separator: " ").map { $0.contains("@") ? "<address>" : String($0) }
        return tokens.joined(separator: " ").prefix(300).description
    }
}
