// SPDX-License-Identifier: Apache-2.0
import AuthSignals
import Foundation

/// One signal of each type with every member set, so that the golden files have all members.
enum SampleSignals {
    static let time = Date(timeIntervalSince1970: 1_795_420_800.123)

    static let all: [any Signal] = [
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

    static let request: SignalRequest = {
        var request = SignalRequest(
            id: UUID(uuidString: "0199F0C2-0000-7000-8000-0000000000AA")!, client: .browser,
            ip: "2001:db8::17", userAgent: "Mozilla/5.0 (X11; Linux x86_64) \"Ünïcode\"/1.0")
        request.profile = .standard
        return request
    }()

    static let user = UserSnapshot(
        id: "0199f0b1-0000-7000-8000-000000000001", email: "jane.doe@example.org", username: "jane",
        isActive: true, dateJoined: time - 7 * 86_400, lastLogin: time)

    static let inactiveUser: UserSnapshot = {
        var inactive = user
        inactive.isActive = false
        return inactive
    }()

    static let session = SessionSnapshot(
        id: "0199f0b1-0000-7000-8000-000000000002", createdAt: time, expiresAt: time + 14 * 86_400)

    static let address = EmailAddressSnapshot(
        id: "0199f0b1-0000-7000-8000-000000000003", email: "jane.doe@example.org", verified: true,
        primary: true)

    static let providerAddress = ProviderAddressSnapshot(
        id: address.id, email: address.email, verified: true, primary: true)

    static let formerAddress = EmailAddressSnapshot(
        id: "0199f0b1-0000-7000-8000-000000000004", email: "jane@example.com", verified: false, primary: false
    )

    static let sociallogin = SocialLoginSnapshot(
        provider: "example", uid: "10769150350006150715113082367", process: .login, isExisting: true,
        accountID: "0199f0b1-0000-7000-8000-000000000005", emailAddresses: [providerAddress],
        extraData: profile,
        token: "eyJhbGciOiJkaXIifQ..AAAA.BBBB.CCCC")

    static let profile: JSONValue = [
        "name": "Jane Döe", "email_verified": true, "followers": 17, "score": .number(0.5), "bio": .null,
        "urls": ["https://example.org/~jane", "https://example.com/a/b?c=d&e=f"],
        "address": ["country": "IS"],
    ]

    /// The outbox row of a signal, always with the same id, time and sequence.
    static func row(
        of signal: any Signal, profile: PayloadProfile = .standard, sequence: Int64 = 12_345
    ) throws -> OutboxRow {
        let draft = try codec(profile).draft(
            signal, at: time, id: UUID(uuidString: "0199F0C2-0000-7000-8000-0000000000BB")!)
        return OutboxRow(sequence: sequence, draft: draft)
    }

    static func message(
        of signal: any Signal, profile: PayloadProfile = .standard
    ) throws -> SignalMessage {
        try codec(profile).message(for: row(of: signal, profile: profile))
    }

    static func codec(_ profile: PayloadProfile = .standard) -> SignalCodec {
        SignalCodec(source: "https://accounts.example.org", profile: profile)
    }
}
