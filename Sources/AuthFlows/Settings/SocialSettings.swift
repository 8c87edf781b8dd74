// SPDX-License-Identifier: Apache-2.0
public import Foundation

/// What the social flows do: allauth's settings, by allauth's names, with its defaults.
public struct SocialSettings: Sendable {
    /// `SOCIALACCOUNT_AUTO_SIGNUP`: whether a new person is signed up without a form, where nothing is
    /// missing and no address is taken.
    public var autoSignup = true
    /// `SOCIALACCOUNT_EMAIL_AUTHENTICATION`: whether an address that a provider vouches for logs its user in.
    public var emailAuthentication = false
    /// `SOCIALACCOUNT_EMAIL_AUTHENTICATION_AUTO_CONNECT`: whether the account is then connected.
    public var emailAuthenticationAutoConnect = false
    /// `SOCIALACCOUNT_EMAIL_VERIFICATION`; nil: as `ACCOUNT_EMAIL_VERIFICATION`.
    public var emailVerification: AccountSettings.EmailVerification?
    /// `SOCIALACCOUNT_EMAIL_REQUIRED`; nil: as `ACCOUNT_SIGNUP_FIELDS` says.
    public var emailRequired: Bool?
    /// `SOCIALACCOUNT_QUERY_EMAIL`; nil: as `emailRequired`. Whether providers are asked for addresses.
    public var queryEmail: Bool?
    /// `SOCIALACCOUNT_STORE_TOKENS`: whether providers' tokens are stored, sealed.
    public var storeTokens = false
    /// `SOCIALACCOUNT_ONLY`: no local sign-up and log-in.
    public var socialOnly = false
    /// `SOCIALACCOUNT_REAUTHENTICATION_REQUIRED`; nil: as `ACCOUNT_REAUTHENTICATION_REQUIRED`. Whether users
    /// prove again who they are before they connect or disconnect an account.
    public var reauthenticationRequired: Bool?
    /// How many visits to providers one session may have under way; allauth's `STATES_MAX`.
    public var maxStates = 10
    /// How long a visit to a provider may take, seconds.
    public var stateAge: TimeInterval = 900

    /// `CSRF_TRUSTED_ORIGINS`: where visitors may be sent to after a visit to a provider, beside this
    /// server's own pages and those of `HEADLESS_FRONTEND_URLS_…`.
    public var redirectOrigins: [String] = []

    public init() {}
}
