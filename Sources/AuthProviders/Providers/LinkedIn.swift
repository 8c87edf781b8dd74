// SPDX-License-Identifier: Apache-2.0

extension OpenIDDefinition {
    /// LinkedIn
    /// (https://learn.microsoft.com/en-us/linkedin/consumer/integrations/self-serve/sign-in-with-linkedin-v2).
    ///
    /// It leaves the nonce out of its ID tokens and takes a verifier of PKCE for an error, so that `state`
    /// alone binds its answers.
    public static func linkedin() -> OpenIDDefinition {
        var linkedin = OpenIDDefinition(
            id: "linkedin", name: "LinkedIn", issuer: "https://www.linkedin.com/oauth")
        linkedin.authentication = .post
        linkedin.sendsNonce = false
        linkedin.usesPKCE = false
        return linkedin
    }
}
