// SPDX-License-Identifier: Apache-2.0

extension OpenIDDefinition {
    /// LinkedIn
    /// (https://learn.microsoft.com/en-us/linkedin/consumer/integrations/self-serve/sign-in-with-linkedin-v2).
    ///
    /// It omits the nonce from its ID tokens and rejects a PKCE verifier, so `state` alone binds its responses to the
    /// session.
    public static func linkedin() -> OpenIDDefinition {
        var linkedin = OpenIDDefinition(
            id: "linkedin", name: "LinkedIn", issuer: "https://www.linkedin.com/oauth")
        linkedin.authentication = .post
        linkedin.sendsNonce = false
        linkedin.usesPKCE = false
        return linkedin
    }
}
