// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthSignals
import Foundation

/// What `PRE_SOCIAL_LOGIN_URL` answered.
struct PreSocialLoginReply: Decodable {
    var action: String
    var reason: String?
    var url: String?

    private enum CodingKeys: String, CodingKey { case action, reason, url }

    /// The action counts, whatever the others are: a "deny" with a reason of another type denies.
    init(from decoder: any Decoder) throws {
        let members = try decoder.container(keyedBy: CodingKeys.self)
        action = try members.decode(String.self, forKey: .action)
        reason = try? members.decode(String.self, forKey: .reason)
        url = try? members.decode(String.self, forKey: .url)
    }

    /// Why an answer is none.
    struct Fault: Error, CustomStringConvertible {
        var description: String
    }

    /// - Throws: ``Fault`` for anything but a JSON object with an `action` and status 200.
    init(_ answer: ProviderAnswer) throws {
        guard answer.status == 200 else {
            throw Fault(description: "PRE_SOCIAL_LOGIN_URL answered with status \(answer.status)")
        }
        do {
            // An action that is there twice would be one for us and another for whoever wrote it.
            try StrictJSON.validate(answer.body, maximumDepth: JSONValue.largestDepth)
            self = try JSONDecoder().decode(PreSocialLoginReply.self, from: answer.body)
        } catch {
            throw Fault(description: "PRE_SOCIAL_LOGIN_URL answered with something else than {\"action\": …}")
        }
    }

    /// Nothing but the word itself proceeds.
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
