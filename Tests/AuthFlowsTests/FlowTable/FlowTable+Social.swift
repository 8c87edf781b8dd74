// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthSignals
import AuthTesting
import Foundation

extension FlowTable {
    static let socialSignUp = FlowTable(
        title: "Signing up by a provider",
        rows: [
            Row("new user, address verified by the provider", "any EMAIL_VERIFICATION") {
                [try await World().client().social("1 a@x.org*").everythingSaid]
            },
            Row("…, address not verified by the provider", "EMAIL_VERIFICATION=none") {
                [try await World { $0.emailVerification = .none }.client().social("1 a@x.org").everythingSaid]
            },
            Row("…, address not verified by the provider") {
                [try await World().client().social("1 a@x.org").everythingSaid]
            },
            Row(
                "…, address not verified by the provider, then the link",
                "EMAIL_VERIFICATION=mandatory, LOGIN_ON_EMAIL_CONFIRMATION"
            ) {
                let world = try World {
                    $0.emailVerification = .mandatory
                    $0.loginOnEmailConfirmation = true
                }
                let client = world.client()
                return [
                    try await client.social("1 a@x.org").everythingSaid,
                    try await client.verify(world.key(mailedTo: "a@x.org")).everythingSaid,
                ]
            },
            Row("…, then the code", "EMAIL_VERIFICATION=mandatory, EMAIL_VERIFICATION_BY_CODE_ENABLED") {
                let world = try World {
                    $0.emailVerification = .mandatory
                    $0.emailVerificationByCode = true
                }
                let client = world.client()
                return [
                    try await client.social("1 a@x.org").everythingSaid,
                    try await client.verify(world.code(mailedTo: "a@x.org")).everythingSaid,
                ]
            },
            Row("sign-up form required, then completed", "SOCIALACCOUNT_AUTO_SIGNUP=false") {
                let client = try World { $0.social.autoSignup = false }.client()
                return [
                    try await client.social("1 a@x.org*").everythingSaid,
                    try await client.completeSignUp("a@x.org").everythingSaid,
                ]
            },
            Row("address of an existing user, who is notified by mail", "EMAIL_VERIFICATION=mandatory") {
                let world = try World { $0.emailVerification = .mandatory }
                _ = try await world.member("a@x.org")
                return [try await world.client().social("1 a@x.org*").everythingSaid]
            },
            Row("sign-up closed", "SIGNUP_OPEN=false") {
                [try await World { $0.signupOpen = false }.client().social("1 a@x.org*").everythingSaid]
            },
            Row("hook of the application denies, or redirects") {
                [
                    try await World(hooks: World.hook { _, _ in .deny(reason: "") }).client().social(
                        "1 a@x.org*"
                    )
                    .everythingSaid,
                    try await World(
                        hooks: World.hook { _, _ in .redirect(URL(string: "https://example.org")!) }
                    ).client().social("1 a@x.org*").everythingSaid,
                ]
            },
        ])

    static let socialLogIn = FlowTable(
        title: "Logging in by a provider",
        rows: [
            Row("connected account") {
                let world = try World()
                _ = try await world.client().social("1 a@x.org*")
                return [try await world.client().social("1 a@x.org*").everythingSaid]
            },
            Row("…, address unverified here but verified by the provider") {
                let world = try World()
                let client = world.client()
                _ = try await client.signUp("a@x.org")
                _ = try await client.social("1", .connect)
                return [try await world.client().social("1 a@x.org*").everythingSaid]
            },
            Row("…, inactive user") {
                let world = try World()
                let id = try await world.client().social("1 a@x.org*").result.authentication?.user.id
                if let id { try await world.accounts.users.deactivate(id) }
                return [try await world.client().social("1 a@x.org*").everythingSaid]
            },
            Row("…, while a user is logged in") {
                let world = try World()
                let client = world.client()
                _ = try await client.social("1 a@x.org*")
                return [try await client.social("1 a@x.org*").everythingSaid]
            },
            Row("…, then a code", "LOGIN_BY_CODE_REQUIRED=socialaccount") {
                let world = try World()
                _ = try await world.client().social("1 a@x.org*")
                let client = World(restarting: world) { $0.loginByCodeRequired = ["socialaccount"] }.client()
                let first = try await client.social("1 a@x.org*").everythingSaid
                return [
                    first,
                    try await client.confirmLoginCode(client.world.code(mailedTo: "a@x.org")).everythingSaid,
                ]
            },
            Row("address of an existing user", "SOCIALACCOUNT_EMAIL_AUTHENTICATION") {
                let world = try World { $0.social.emailAuthentication = true }
                _ = try await world.member("a@x.org")
                return [try await world.client().social("1 a@x.org*").everythingSaid]
            },
            Row("…, twice", "…, SOCIALACCOUNT_EMAIL_AUTHENTICATION_AUTO_CONNECT") {
                let world = try World {
                    $0.social.emailAuthentication = true
                    $0.social.emailAuthenticationAutoConnect = true
                }
                _ = try await world.member("a@x.org")
                return [
                    try await world.client().social("1 a@x.org*").everythingSaid,
                    try await world.client().social("1 a@x.org*").everythingSaid,
                ]
            },
        ])

    static let socialAccounts = FlowTable(
        title: "Accounts at providers",
        rows: [
            Row("connected, connected again, disconnected") {
                let member = try await World().member("m@x.org")
                return [
                    try await member.social("1", .connect).everythingSaid,
                    try await member.social("1", .connect).everythingSaid,
                    try await member.disconnect("1").everythingSaid,
                ]
            },
            Row("connecting another user's account, or connecting without a session") {
                let world = try World()
                _ = try await world.client().social("1 a@x.org*")
                let member = try await world.member("m@x.org")
                return [
                    try await member.social("1", .connect).everythingSaid,
                    try await world.client().social("1", .connect).everythingSaid,
                ]
            },
            Row("connecting after reauthentication", "REAUTHENTICATION_REQUIRED") {
                let world = try World { $0.reauthenticationRequired = true }
                let member = try await world.member("m@x.org")
                world.clock.advance(by: .seconds(301))
                return [
                    try await member.social("1", .connect).everythingSaid,
                    try await member.reauthenticate(goodPassword).everythingSaid,
                    try await member.social("1", .connect).everythingSaid,
                ]
            },
            Row("hook of the application names the user to connect") {
                let target = Locked<UUID?>(nil)
                let world = try World(
                    hooks: World.hook { _, _ in target.value.map { .connect(to: $0) } ?? .proceed })
                _ = try await world.member("m@x.org")
                let user = try await world.user("m@x.org")
                target.change { $0 = user?.id }
                return [try await world.client().social("1 a@x.org*").everythingSaid]
            },
            Row("disconnecting the only way to log in") {
                let client = try World().client()
                _ = try await client.social("1 a@x.org*")
                return [try await client.disconnect("1").everythingSaid]
            },
        ])
}
