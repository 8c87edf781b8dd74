// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthSignals
import Foundation

/// The response of `PRE_SOCIAL_LOGIN_URL`.
struct PreSocialLoginReply: Decodable {
    var action: String
    var reason: String?
    var url: String?

    private enum CodingKeys: String, CodingKey { case action, reason, url }

    /// Only `action` is required to be valid: a "deny" with a reason of another type still denies.
    init(from decoder: any Decoder) throws {
        let members = try decoder.container(keyedBy: CodingKeys.self)
        action = try members.decode(String.self, forKey: .action)
        reason = try? members.decode(String.self, forKey: .reason)
        url = try? members.decode(String.self, forKey: .url)
    }

    /// Why a response is invalid.
    struct Fault: Error, CustomStringConvertible {
        var description: String
    }

    /// - Throws: ``Fault`` for anything but a JSON object with an `action` and status 200.
    init(_ answer: ProviderAnswer) throws {
        guard answer.status == 200 else {
            throw Fault(description: "PRE_SOCIAL_LOGIN_URL responded with status \(answer.status)")
        }
        do {
            // Rejects duplicate members: the sender and this parser could read a different `action`.
            try StrictJSON.validate(answer.body, maximumDepth: JSONValue.largestDepth)
            self = try JSONDecoder().decode(PreSocialLoginReply.self, from: answer.body)
        } catch {
            throw Fault(description: "the response of PRE_SOCIAL_LOGIN_URL is not {\"action\": …}")
        }
    }

    /// The hook's answer; only the exact action `proceed` proceeds.
    func answer(_ settings: PreSocialLoginSettings) -> PreSocialLoginHook.Answer {
        switch action {
        case "proceed": .proceed
        case "deny": .deny(reason: reason ?? "denied")
        case "redirect":
            url.flatMap(settings.allowedRedirect).map { .redirect($0) }
                ?? .deny(reason: "redirect_not_allowed")
        default: .deny(reason: "action_not_allowed")
        }
    }
}
