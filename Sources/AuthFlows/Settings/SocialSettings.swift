// SPDX-License-Identifier: Apache-2.0
public import Foundation

/// The settings of the social flows: allauth's settings, by allauth's names and with its defaults.
public struct SocialSettings: Sendable {
    /// `SOCIALACCOUNT_AUTO_SIGNUP`: whether a new user is signed up without a form if no field is missing and no
    /// address is taken.
    public var autoSignup = true
    /// `SOCIALACCOUNT_EMAIL_AUTHENTICATION`: whether an address that a provider vouches for logs its user in.
    public var emailAuthentication = false
    /// `SOCIALACCOUNT_EMAIL_AUTHENTICATION_AUTO_CONNECT`: whether the account is then connected.
    public var emailAuthenticationAutoConnect = false
    /// `SOCIALACCOUNT_EMAIL_VERIFICATION`; nil: the same as `ACCOUNT_EMAIL_VERIFICATION`.
    public var emailVerification: AccountSettings.EmailVerification?
    /// `SOCIALACCOUNT_EMAIL_REQUIRED`; nil: as in `ACCOUNT_SIGNUP_FIELDS`.
    public var emailRequired: Bool?
    /// `SOCIALACCOUNT_QUERY_EMAIL`: whether providers are asked for addresses; nil: the same as `emailRequired`.
    public var queryEmail: Bool?
    /// `SOCIALACCOUNT_STORE_TOKENS`: whether providers' tokens are stored, sealed.
    public var storeTokens = false
    /// `SOCIALACCOUNT_ONLY`: no local sign-up and log-in.
    public var socialOnly = false
    /// `SOCIALACCOUNT_REAUTHENTICATION_REQUIRED`: whether users must reauthenticate before they connect or disconnect
    /// an account; nil: the same as `ACCOUNT_REAUTHENTICATION_REQUIRED`.
    public var reauthenticationRequired: Bool?
    /// How many redirects to providers may be pending in one session; allauth's `STATES_MAX`.
    public var maxStates = 10
    /// How long a user may take at a provider before the `state` expires, seconds.
    public var stateAge: TimeInterval = 900

    /// `CSRF_TRUSTED_ORIGINS`: where browsers may be redirected to after they return from a provider, beside this
    /// server's own pages and those of `HEADLESS_FRONTEND_URLS_…`.
    public var redirectOrigins: [String] = []

    public init() {}
}
