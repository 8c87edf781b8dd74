// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import Foundation

extension FlowTable {
    /// All tables of the page, in order.
    static let all = [
        signUp, logIn, logInByCode, logOut, passwords, resets, addresses, replacedAddresses, socialSignUp,
        socialLogIn, socialAccounts, sessions, users,
    ]

    private static let codes: @Sendable (inout AccountSettings) -> Void = { settings in
        settings.emailVerification = .mandatory
        settings.emailVerificationByCode = true
        settings.emailVerificationResends = 2
        settings.emailVerificationChanges = 2
    }

    private static let byCode = "EMAIL_VERIFICATION=mandatory, EMAIL_VERIFICATION_BY_CODE_ENABLED"

    static let signUp = FlowTable(
        title: "Signing up",
        rows: [
            Row("sign-up", "EMAIL_VERIFICATION=none") {
                let world = try World { $0.emailVerification = .none }
                return [try await world.client().signUp("a@x.org").everythingSaid]
            },
            Row("sign-up", "EMAIL_VERIFICATION=optional") {
                [try await World().client().signUp("a@x.org").everythingSaid]
            },
            Row("sign-up, link", "EMAIL_VERIFICATION=mandatory") {
                let world = try World { $0.emailVerification = .mandatory }
                let client = world.client()
                return [
                    try await client.signUp("a@x.org").everythingSaid,
                    try await client.verify(world.key(mailedTo: "a@x.org")).everythingSaid,
                    try await client.verify(world.key(mailedTo: "a@x.org")).everythingSaid,
                ]
            },
            Row("sign-up, link in the same session", "…, LOGIN_ON_EMAIL_CONFIRMATION") {
                let world = try World {
                    $0.emailVerification = .mandatory
                    $0.loginOnEmailConfirmation = true
                }
                let client = world.client()
                return [
                    try await client.signUp("a@x.org").everythingSaid,
                    try await client.verify(world.key(mailedTo: "a@x.org")).everythingSaid,
                ]
            },
            Row("sign-up, link in another browser", "…, LOGIN_ON_EMAIL_CONFIRMATION") {
                let world = try World {
                    $0.emailVerification = .mandatory
                    $0.loginOnEmailConfirmation = true
                }
                return [
                    try await world.client().signUp("a@x.org").everythingSaid,
                    try await world.client().verify(world.key(mailedTo: "a@x.org")).everythingSaid,
                ]
            },
            Row("sign-up, right code", byCode) {
                let world = try World(codes)
                let client = world.client()
                return [
                    try await client.signUp("a@x.org").everythingSaid,
                    try await client.verify(world.code(mailedTo: "a@x.org")).everythingSaid,
                ]
            },
            Row("sign-up, four wrong codes", byCode) {
                let client = try World(codes).client()
                var said = [try await client.signUp("a@x.org").everythingSaid]
                for _ in 1...4 { said.append(try await client.verify("WRONG-CODE").everythingSaid) }
                return said
            },
            Row("sign-up, another code", byCode) {
                let client = try World(codes).client()
                return [
                    try await client.signUp("a@x.org").everythingSaid,
                    try await client.does { try await $0.resendVerification($1) }.everythingSaid,
                ]
            },
            Row("sign-up, address changed while verification is pending", byCode) {
                let world = try World(codes)
                let client = world.client()
                return [
                    try await client.signUp("a@x.org").everythingSaid,
                    try await client.addEmail("b@x.org").everythingSaid,
                    try await client.verify(world.code(mailedTo: "b@x.org")).everythingSaid,
                ]
            },
            Row("sign-up with an address that is taken", "EMAIL_VERIFICATION=mandatory") {
                let world = try World { $0.emailVerification = .mandatory }
                return [
                    try await world.client().signUp("a@x.org").everythingSaid,
                    try await world.client().signUp("a@x.org").everythingSaid,
                ]
            },
            Row("sign-up with an address that is taken", "PREVENT_ENUMERATION=strict") {
                let world = try World { $0.preventEnumeration = .strict }
                return [
                    try await world.client().signUp("a@x.org").everythingSaid,
                    try await world.client().signUp("a@x.org").everythingSaid,
                ]
            },
            Row("sign-up with an invitation", "EMAIL_VERIFICATION=mandatory") {
                let world = try World { $0.emailVerification = .mandatory }
                return [
                    try await world.client().does { accounts, context in
                        var form = SignUp(email: "a@x.org", password: Password(goodPassword))
                        form.invitedEmail = "a@x.org"
                        return try await accounts.signUp(form, context)
                    }.everythingSaid
                ]
            },
            Row("sign-up, then a code", "LOGIN_BY_CODE_REQUIRED") {
                let world = try World { $0.loginByCodeRequired = ["*"] }
                let client = world.client()
                return [
                    try await client.signUp("a@x.org").everythingSaid,
                    try await client.confirmLoginCode(world.code(mailedTo: "a@x.org")).everythingSaid,
                ]
            },
        ])
}
