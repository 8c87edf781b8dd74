// SPDX-License-Identifier: Apache-2.0
package import Foundation

/// One signal of each type of ``SignalCatalog`` with every member set, in the catalogue's order.
///
/// The golden files of the tests, the example messages of the contract, `auth-signals trigger` and the samples of
/// AuthTesting are made of these values: they never change, new ones are added.
package enum SignalSamples {
    package static let time = Date(timeIntervalSince1970: 1_795_420_800.123)

    package static let all: [any Signal] = [
        UserLoggedIn(
            request: request, user: user, session: session, methods: [.socialAccount, .mfa],
            sociallogin: sociallogin),
        UserLoggedOut(request: request, user: user, session: session),
        UserSignedUp(request: request, user: user, sociallogin: sociallogin),
        PasswordSet(request: request, user: user),
        PasswordChanged(request: request, user: user, loggedOutSessions: 2),
        PasswordReset(request: request, user: user),
        EmailConfirmed(request: request, user: user, emailAddress: address),
        EmailConfirmationSent(
            request: request, user: user,
            confirmation: ConfirmationSnapshot(
                method: .link, emailAddress: address, expiresAt: time + 3 * 86_400),
            signup: true),
        EmailChanged(
            request: request, user: user, fromEmailAddress: formerAddress, toEmailAddress: address),
        EmailAdded(request: request, user: user, emailAddress: address),
        EmailRemoved(request: request, user: user, emailAddress: formerAddress),
        PreSocialLogin(
            request: request, user: user, sociallogin: sociallogin, outcome: .denied, reason: "timeout"),
        SocialAccountAdded(request: request, user: user, sociallogin: sociallogin),
        SocialAccountUpdated(request: request, user: user, sociallogin: sociallogin),
        SocialAccountRemoved(
            request: request, user: user,
            socialaccount: SocialAccountSnapshot(
                id: "0199f0b1-0000-7000-8000-000000000005", provider: "example",
                uid: "10769150350006150715113082367",
                dateJoined: time - 86_400, lastLogin: time - 60, extraData: profile)),
        AuthenticationStepCompleted(
            request: request, user: user, method: .password, reauthenticated: true,
            email: "jane.doe@example.org", username: "jane", provider: "example", uid: "1234", type: "totp"),
        LoginCodeRejected(request: request, user: user, lastAttempt: false),
        PasswordResetCodeRejected(request: request, user: user, lastAttempt: true),
        EmailVerificationCodeRejected(request: request, user: user, lastAttempt: false),
        LoginFailed(request: request, user: user, method: .password, reason: .wrongPassword),
        SignupCompleted(request: request, user: user, emailAddress: address),
        UserDeactivated(request: request, user: inactiveUser),
        UserActivated(request: request, user: user),
        UserDeleted(request: request, user: inactiveUser),
        UserSnapshotTaken(request: request, user: user, emailAddresses: [address, formerAddress]),
        SessionClientChanged(
            request: request, user: user, session: session,
            fromClient: ClientSnapshot(ip: "2001:db8::16", userAgent: "Mozilla/5.0 (Android 15; Mobile)"),
            toClient: ClientSnapshot(ip: request.ip, userAgent: request.userAgent)),
        SessionEnded(request: request, user: user, session: session, reason: .endedByUser),
    ]

    package static let request: SignalRequest = {
        var request = SignalRequest(
            id: id(0xAA), client: .browser,
            ip: "2001:db8::17", userAgent: "Mozilla/5.0 (X11; Linux x86_64) \"Ünïcode\"/1.0")
        request.profile = .standard
        return request
    }()

    package static let user = UserSnapshot(
        id: "0199f0b1-0000-7000-8000-000000000001", email: "jane.doe@example.org", username: "jane",
        isActive: true, dateJoined: time - 7 * 86_400, lastLogin: time)

    package static let inactiveUser: UserSnapshot = {
        var inactive = user
        inactive.isActive = false
        return inactive
    }()

    package static let session = SessionSnapshot(
        id: "0199f0b1-0000-7000-8000-000000000002", createdAt: time, expiresAt: time + 14 * 86_400)

    package static let address = EmailAddressSnapshot(
        id: "0199f0b1-0000-7000-8000-000000000003", email: "jane.doe@example.org", verified: true,
        primary: true)

    package static let providerAddress = ProviderAddressSnapshot(
        id: address.id, email: address.email, verified: true, primary: true)

    package static let formerAddress = EmailAddressSnapshot(
        id: "0199f0b1-0000-7000-8000-000000000004", email: "jane@example.com", verified: false, primary: false
    )

    package static let sociallogin = SocialLoginSnapshot(
        provider: "example", uid: "10769150350006150715113082367", process: .login, isExisting: true,
        accountID: "0199f0b1-0000-7000-8000-000000000005", emailAddresses: [providerAddress],
        extraData: profile,
        token: "eyJhbGciOiJkaXIifQ..AAAA.BBBB.CCCC")

    package static let profile: JSONValue = [
        "name": "Jane Döe", "email_verified": true, "followers": 17, "score": .number(0.5), "bio": .null,
        "urls": ["https://example.org/~jane", "https://example.com/a/b?c=d&e=f"],
        "address": ["country": "IS"],
    ]

    /// `0199f0c2-0000-7000-8000-0000000000…`: a fixed id of version 7 with this last byte.
    package static func id(_ last: UInt8) -> UUID {
        UUID(uuid: (0x01, 0x99, 0xF0, 0xC2, 0, 0, 0x70, 0, 0x80, 0, 0, 0, 0, 0, 0, last))
    }
}
