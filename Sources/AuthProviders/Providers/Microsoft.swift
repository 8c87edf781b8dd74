// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthSignals
public import Foundation

extension OAuth2Definition {
    /// Microsoft, with Graph (https://learn.microsoft.com/en-us/graph/api/user-get).
    ///
    /// The administrator of a tenant can set any address, so none counts as verified.
    ///
    /// - Parameters:
    ///   - tenant: `common`, `organizations`, `consumers`, or a directory's id or domain.
    ///   - login: the log-in URL of a national cloud; nil for the global one.
    ///   - graph: the Graph URL of a national cloud; nil for the global one.
    public static func microsoft(
        tenant: String = "common", login: URL? = nil, graph: URL? = nil
    ) -> OAuth2Definition {
        let login = (login ?? .constant("https://login.microsoftonline.com")).appending(path: tenant)
        let me = (graph ?? .constant("https://graph.microsoft.com")).appending(path: "v1.0/me")
        var microsoft = OAuth2Definition(
            id: "microsoft", name: "Microsoft",
            authorizationEndpoint: login.appending(path: "oauth2/v2.0/authorize"),
            tokenEndpoint: login.appending(path: "oauth2/v2.0/token"), profileEndpoint: me
        ) { answer in
            var profile = Profile(uid: answer.text("id"), of: answer)
            profile.email = answer.text("mail") ?? Self.address(ofPrincipal: answer.text("userPrincipalName"))
            profile.username = answer.text("mailNickname")
            profile.setName(answer.text("givenName"), answer.text("surname"))
            return profile
        }
        microsoft.scope = ["User.Read"]
        microsoft.fetch = { (calls) async throws(SocialProviderError) -> JSONValue in
            try await calls.get(
                me,
                query: [
                    (
                        "$select",
                        "businessPhones,displayName,givenName,id,jobTitle,mail,mobilePhone,officeLocation,"
                            + "preferredLanguage,surname,userPrincipalName,mailNickname,companyName"
                    )
                ])
        }
        return microsoft
    }

    /// The principal name of a member is usually their address. That of a guest, `ada_example.org#EXT#@TENANT`, is
    /// derived from an address but does not receive mail.
    private static func address(ofPrincipal name: String?) -> String? {
        guard let name, name.range(of: "#EXT#", options: .caseInsensitive) == nil else { return nil }
        return name
    }
}
