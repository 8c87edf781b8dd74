// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import Foundation

extension FlowTable {
    private static let codes: @Sendable (inout AccountSettings) -> Void = { settings in
        settings.emailVerification = .mandatory
        settings.emailVerificationByCode = true
    }

    static let addresses = FlowTable(
        title: "Addresses",
        rows: [
            Row("add, another mail, confirm by link, make primary, make primary again, remove the other") {
                let world = try World()
                let member = try await world.member("a@x.org")
                return [
                    try await member.addEmail("b@x.org").everythingSaid,
                    try await member.resendConfirmation(of: "b@x.org").everythingSaid,
                    try await member.verify(world.key(mailedTo: "b@x.org")).everythingSaid,
                    try await member.makePrimary("b@x.org").everythingSaid,
                    try await member.makePrimary("b@x.org").everythingSaid,
                    try await member.removeEmail("a@x.org").everythingSaid,
                ]
            },
            Row("add, wrong code, right code", "EMAIL_VERIFICATION_BY_CODE_ENABLED") {
                let world = try World(codes)
                let member = try await world.member("a@x.org")
                return [
                    try await member.addEmail("b@x.org").everythingSaid,
                    try await member.verify("WRONG-CODE").everythingSaid,
                    try await member.verify(world.code(mailedTo: "b@x.org")).everythingSaid,
                ]
            },
            Row("add an address of another user, confirm it") {
                let world = try World()
                _ = try await world.member("b@x.org")
                let member = try await world.member("a@x.org")
                return [
                    try await member.addEmail("b@x.org").everythingSaid,
                    try await member.verify(world.key(mailedTo: "b@x.org")).everythingSaid,
                ]
            },
            Row("add, right code for an address taken meanwhile", "EMAIL_VERIFICATION_BY_CODE_ENABLED") {
                let world = try World(codes)
                let member = try await world.member("a@x.org")
                let added = try await member.addEmail("b@x.org").everythingSaid
                let code = try world.code(mailedTo: "b@x.org")
                _ = try await world.member("b@x.org")
                return [added, try await member.verify(code).everythingSaid]
            },
        ])

    static let replacedAddresses = FlowTable(
        title: "Addresses with CHANGE_EMAIL",
        rows: [
            Row("add, confirm by link", "CHANGE_EMAIL") {
                let world = try World { $0.changeEmail = true }
                let member = try await world.member("a@x.org")
                return [
                    try await member.addEmail("b@x.org").everythingSaid,
                    try await member.verify(world.key(mailedTo: "b@x.org")).everythingSaid,
                ]
            },
            Row("add, add another before it is confirmed", "CHANGE_EMAIL") {
                let world = try World { $0.changeEmail = true }
                let member = try await world.member("a@x.org")
                return [
                    try await member.addEmail("b@x.org").everythingSaid,
                    try await member.addEmail("c@x.org").everythingSaid,
                ]
            },
            Row("add while the only address is not confirmed, confirm", "CHANGE_EMAIL") {
                let world = try World { $0.changeEmail = true }
                let client = world.client()
                _ = try await client.signUp("a@x.org")
                return [
                    try await client.addEmail("b@x.org").everythingSaid,
                    try await client.verify(world.key(mailedTo: "b@x.org")).everythingSaid,
                ]
            },
            Row("add, right code", "CHANGE_EMAIL, EMAIL_VERIFICATION_BY_CODE_ENABLED") {
                let world = try World { settings in
                    codes(&settings)
                    settings.changeEmail = true
                }
                let member = try await world.member("a@x.org")
                return [
                    try await member.addEmail("b@x.org").everythingSaid,
                    try await member.verify(world.code(mailedTo: "b@x.org")).everythingSaid,
                ]
            },
            Row("sign-up, link", "CHANGE_EMAIL, EMAIL_VERIFICATION=mandatory") {
                let world = try World {
                    $0.changeEmail = true
                    $0.emailVerification = .mandatory
                }
                let client = world.client()
                return [
                    try await client.signUp("a@x.org").everythingSaid,
                    try await client.verify(world.key(mailedTo: "a@x.org")).everythingSaid,
                ]
            },
        ])
}
