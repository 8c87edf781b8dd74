// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthSignals
import AuthTesting
import Foundation
import Testing

@Suite struct ChangePasswordTests {
    @Test func `a password change ends the other sessions and replaces the token of this one`() async throws {
        let world = try World { $0.emailNotifications = true }
        let member = try await world.member("a@x.org")
        let other = world.client()
        _ = try await other.logIn("a@x.org")
        let former = try #require(member.token)
        let happened = try await member.changePassword(goodPassword, to: otherPassword)
        #expect(happened.answer == "authenticated")
        #expect(happened.said == ["password_changed"])
        #expect(happened.signals[0].data["logged_out_sessions"] == .integer(1))
        #expect(happened.mailed == ["password_changed to a@x.org"])
        #expect(try await member.current() == "authenticated")
        #expect(member.token?.exposedText != former.exposedText)
        #expect(try await world.accounts.sessions.current(FlowContext(token: former)).text == "gone")
        #expect(try await other.current() == "gone")

        #expect(
            try await world.client().logIn("a@x.org").answer == "refused email_password_mismatch in password")
        #expect(try await world.client().logIn("a@x.org", otherPassword).answer == "authenticated")
    }

    @Test func `with log-out on change the caller's session ends first`() async throws {
        let world = try World { $0.logoutOnPasswordChange = true }
        let member = try await world.member("a@x.org")
        let happened = try await member.changePassword(goodPassword, to: otherPassword)
        #expect(happened.answer == "unauthenticated")
        #expect(happened.said == ["user_logged_out", "password_changed"])
        #expect(happened.signals[1].data["logged_out_sessions"] == .integer(1))
        #expect(happened.mailed == [])
        #expect(try await member.current() == "gone")
    }

    @Test(arguments: [false, true])
    func `a user without a password can set one`(_ logsOut: Bool) async throws {
        let world = try World {
            $0.signupFields = [.email: true]
            $0.logoutOnPasswordChange = logsOut
            $0.emailNotifications = true
        }
        let client = world.client()
        _ = try await client.signUp("a@x.org", nil)
        let happened = try await client.changePassword(nil, to: otherPassword)
        #expect(happened.answer == (logsOut ? "unauthenticated" : "authenticated"))
        #expect(happened.said == (logsOut ? ["user_logged_out", "password_set"] : ["password_set"]))
        #expect(happened.mailed == ["password_set to a@x.org"])
        #expect(try await world.client().logIn("a@x.org", otherPassword).answer == "authenticated")
    }

    @Test(
        arguments: [
            ("nope-Nope-1", otherPassword, "refused enter_current_password in current_password"),
            (nil, otherPassword, "refused required in current_password"),
            (goodPassword, "short", "refused password_too_short in new_password"),
            (goodPassword, "", "refused required in new_password"),
            (
                "nope", "short",
                "refused enter_current_password in current_password, password_too_short in new_password"
            ),
            (
                String(repeating: "x", count: 5000), otherPassword,
                "refused enter_current_password in current_password"
            ),
        ])
    func `a refused change changes nothing and emits no signal`(
        _ current: String?, _ new: String, _ answer: String
    ) async throws {
        let world = try World()
        let member = try await world.member("a@x.org")
        let before = try await world.contents()
        let happened = try await member.changePassword(current, to: new)
        #expect(happened.answer == answer)
        #expect(happened.said == [])
        #expect(try await world.contents() == before)
    }

    @Test func `requires a logged-in user`() async throws {
        let world = try World()
        #expect(try await world.client().changePassword("x", to: otherPassword).answer == "unauthenticated")
    }

    @Test func `of two concurrent changes from one password only one succeeds`() async throws {
        let world = try World()
        let member = try await world.member("a@x.org")
        let context = member.context
        let answers = try await withThrowingTaskGroup(of: String.self) { group in
            for number in 0..<2 {
                group.addTask {
                    try await world.accounts.changePassword(
                        ChangePassword(
                            current: Password(goodPassword), new: Password("\(otherPassword)\(number)")),
                        context
                    ).text
                }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(answers.filter { $0 == "authenticated" }.count == 1)
        #expect(try await world.newSignals().map(\.text).filter { $0 == "password_changed" }.count == 1)
    }

    @Test func `limits the rate of password changes to five a minute`() async throws {
        let world = try World(limited: true)
        let member = try await world.member("a@x.org")
        for _ in 1...5 { _ = try await member.changePassword("wrong", to: otherPassword) }
        #expect(try await member.changePassword(goodPassword, to: otherPassword).answer == "rate limited")
        world.clock.advance(by: .seconds(61))
        #expect(try await member.changePassword(goodPassword, to: otherPassword).answer == "authenticated")
    }
}
