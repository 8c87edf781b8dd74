// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthTesting
import Foundation

extension FlowTable {
    static let logIn = FlowTable(
        title: "Logging in by password",
        rows: [
            Row("right password, wrong password") {
                let world = try World()
                _ = try await world.member("a@x.org")
                return [
                    try await world.client().logIn("a@x.org").everythingSaid,
                    try await world.client().logIn("a@x.org", "wrong").everythingSaid,
                ]
            },
            Row("unknown address") {
                [try await World().client().logIn("a@x.org").everythingSaid]
            },
            Row("inactive user, right password") {
                let world = try World()
                let member = try await world.member("a@x.org")
                if let token = member.token,
                    let user = try await world.accounts.sessions.authenticate(token: token)?.user
                {
                    try await world.accounts.users.deactivate(user.id)
                }
                return [try await world.client().logIn("a@x.org").everythingSaid]
            },
            Row("unverified address, twice in three minutes", "EMAIL_VERIFICATION=mandatory") {
                let world = try World(limited: true) { $0.emailVerification = .mandatory }
                _ = try await world.client().signUp("a@x.org")
                world.clock.advance(by: .seconds(181))
                return [
                    try await world.client().logIn("a@x.org").everythingSaid,
                    try await world.client().logIn("a@x.org").everythingSaid,
                ]
            },
            Row("unverified address, never logged in", "…, EMAIL_VERIFICATION_BY_CODE_ENABLED") {
                let world = try World {
                    $0.emailVerification = .mandatory
                    $0.emailVerificationByCode = true
                }
                _ = try await world.client().signUp("a@x.org")
                let client = world.client()
                return [
                    try await client.logIn("a@x.org").everythingSaid,
                    try await client.verify(world.code(mailedTo: "a@x.org")).everythingSaid,
                ]
            },
            Row("password, then a code", "LOGIN_BY_CODE_REQUIRED") {
                let world = try World { $0.loginByCodeRequired = ["*"] }
                _ = try await world.member("a@x.org")
                let client = world.client()
                return [
                    try await client.logIn("a@x.org").everythingSaid,
                    try await client.confirmLoginCode(world.code(mailedTo: "a@x.org")).everythingSaid,
                ]
            },
            Row("reauthentication: right, wrong password") {
                let world = try World()
                let member = try await world.member("a@x.org")
                return [
                    try await member.reauthenticate(goodPassword).everythingSaid,
                    try await member.reauthenticate("wrong").everythingSaid,
                ]
            },
        ])

    static let logInByCode = FlowTable(
        title: "Logging in by code",
        rows: [
            Row("request, right code", "LOGIN_BY_CODE_ENABLED") {
                let world = try World { $0.loginByCodeEnabled = true }
                _ = try await world.member("a@x.org")
                let client = world.client()
                return [
                    try await client.requestLoginCode("a@x.org").everythingSaid,
                    try await client.confirmLoginCode(world.code(mailedTo: "a@x.org")).everythingSaid,
                ]
            },
            Row("…, address not verified yet", "LOGIN_BY_CODE_ENABLED") {
                let world = try World { $0.loginByCodeEnabled = true }
                _ = try await world.client().signUp("a@x.org")
                let client = world.client()
                return [
                    try await client.requestLoginCode("a@x.org").everythingSaid,
                    try await client.confirmLoginCode(world.code(mailedTo: "a@x.org")).everythingSaid,
                ]
            },
            Row("request, four wrong codes", "LOGIN_BY_CODE_ENABLED") {
                let world = try World { $0.loginByCodeEnabled = true }
                _ = try await world.member("a@x.org")
                let client = world.client()
                var said = [try await client.requestLoginCode("a@x.org").everythingSaid]
                for _ in 1...4 { said.append(try await client.confirmLoginCode("WRONG-CODE").everythingSaid) }
                return said
            },
            Row("request for an unknown address, wrong code", "LOGIN_BY_CODE_ENABLED") {
                let client = try World { $0.loginByCodeEnabled = true }.client()
                return [
                    try await client.requestLoginCode("a@x.org").everythingSaid,
                    try await client.confirmLoginCode("WRONG-CODE").everythingSaid,
                ]
            },
        ])

    static let logOut = FlowTable(
        title: "Logging out",
        rows: [
            Row("log-out, then log-out without a session") {
                let world = try World()
                let member = try await world.member("a@x.org")
                return [
                    try await member.logOut().everythingSaid,
                    try await world.client().logOut().everythingSaid,
                ]
            },
            Row("end another own session, then the current one") {
                let world = try World()
                let member = try await world.member("a@x.org")
                let other = world.client()
                let id = try await other.logIn("a@x.org").result.authentication?.session.id
                let own = try await member.does { try await $0.sessions.current($1) }.result.authentication
                return [
                    try await member.does { try await $0.sessions.end([id].compactMap { $0 }, $1) }
                        .everythingSaid,
                    try await member.does {
                        try await $0.sessions.end([own?.session.id].compactMap { $0 }, $1)
                    }
                    .everythingSaid,
                ]
            },
            Row("confirmation link of A opened in B's session") {
                let world = try World()
                let other = try await world.member("b@x.org")
                _ = try await world.client().signUp("a@x.org")
                return [try await other.verify(world.key(mailedTo: "a@x.org")).everythingSaid]
            },
        ])
}
