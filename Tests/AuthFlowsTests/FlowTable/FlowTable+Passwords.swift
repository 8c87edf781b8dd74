// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import Foundation

extension FlowTable {
    static let passwords = FlowTable(
        title: "Changing a password",
        rows: [
            Row("change, wrong current password") {
                let world = try World()
                let member = try await world.member("a@x.org")
                return [
                    try await member.changePassword(goodPassword, to: otherPassword).everythingSaid,
                    try await member.changePassword("wrong", to: goodPassword).everythingSaid,
                ]
            },
            Row("change while another session is open") {
                let world = try World()
                let member = try await world.member("a@x.org")
                _ = try await world.client().logIn("a@x.org")
                return [try await member.changePassword(goodPassword, to: otherPassword).everythingSaid]
            },
            Row("change", "LOGOUT_ON_PASSWORD_CHANGE") {
                let world = try World { $0.logoutOnPasswordChange = true }
                let member = try await world.member("a@x.org")
                return [try await member.changePassword(goodPassword, to: otherPassword).everythingSaid]
            },
            Row("change while another address is pending") {
                let world = try World()
                let member = try await world.member("a@x.org")
                _ = try await member.addEmail("b@x.org")
                return [try await member.changePassword(goodPassword, to: otherPassword).everythingSaid]
            },
            Row("first password") {
                let client = try World { $0.signupFields = [.email: true] }.client()
                _ = try await client.signUp("a@x.org", nil)
                return [try await client.changePassword(nil, to: otherPassword).everythingSaid]
            },
            Row("first password", "LOGOUT_ON_PASSWORD_CHANGE") {
                let world = try World {
                    $0.signupFields = [.email: true]
                    $0.logoutOnPasswordChange = true
                }
                let client = world.client()
                _ = try await client.signUp("a@x.org", nil)
                return [try await client.changePassword(nil, to: otherPassword).everythingSaid]
            },
        ])

    static let resets = FlowTable(
        title: "Resetting a password",
        rows: [
            Row("request, link, link again") {
                let world = try World()
                _ = try await world.member("a@x.org")
                let client = world.client()
                return [
                    try await client.requestReset("a@x.org").everythingSaid,
                    try await client.reset(world.key(mailedTo: "a@x.org")).everythingSaid,
                    try await client.reset(world.key(mailedTo: "a@x.org")).everythingSaid,
                ]
            },
            Row("request for an unknown address") {
                [try await World().client().requestReset("a@x.org").everythingSaid]
            },
            Row("link", "LOGIN_ON_PASSWORD_RESET") {
                let world = try World { $0.loginOnPasswordReset = true }
                _ = try await world.member("a@x.org")
                _ = try await world.client().requestReset("a@x.org")
                return [try await world.client().reset(world.key(mailedTo: "a@x.org")).everythingSaid]
            },
            Row("link, address not verified yet", "LOGIN_ON_PASSWORD_RESET, EMAIL_VERIFICATION=mandatory") {
                let world = try World {
                    $0.loginOnPasswordReset = true
                    $0.emailVerification = .mandatory
                }
                _ = try await world.client().signUp("a@x.org")
                _ = try await world.client().requestReset("a@x.org")
                return [try await world.client().reset(world.key(mailedTo: "a@x.org")).everythingSaid]
            },
            Row("link while another address is pending") {
                let world = try World()
                _ = try await world.member("a@x.org").addEmail("b@x.org")
                _ = try await world.client().requestReset("a@x.org")
                return [try await world.client().reset(world.key(mailedTo: "a@x.org")).everythingSaid]
            },
            Row("request, wrong code, right code", "PASSWORD_RESET_BY_CODE_ENABLED") {
                let world = try World { $0.passwordResetByCode = true }
                _ = try await world.member("a@x.org")
                let client = world.client()
                return [
                    try await client.requestReset("a@x.org").everythingSaid,
                    try await client.reset("WRONG-CODE").everythingSaid,
                    try await client.reset(world.code(mailedTo: "a@x.org")).everythingSaid,
                ]
            },
            Row("right code, address not verified yet", "PASSWORD_RESET_BY_CODE_ENABLED") {
                let world = try World { $0.passwordResetByCode = true }
                _ = try await world.client().signUp("a@x.org")
                let client = world.client()
                _ = try await client.requestReset("a@x.org")
                return [try await client.reset(world.code(mailedTo: "a@x.org")).everythingSaid]
            },
            Row("code checked first, then the password", "PASSWORD_RESET_BY_CODE_ENABLED") {
                let world = try World { $0.passwordResetByCode = true }
                _ = try await world.client().signUp("a@x.org")
                let client = world.client()
                _ = try await client.requestReset("a@x.org")
                let code = try world.code(mailedTo: "a@x.org")
                return [
                    try await client.resetInformation(code).everythingSaid,
                    try await client.reset(code).everythingSaid,
                ]
            },
        ])
}
