// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthSignals
import AuthSQLiteStore
import AuthStore
import AuthTesting
import Foundation
import Testing

@Suite struct RequestPasswordResetTests {
    @Test func `an unknown user is notified by mail and gets the result of a known one`() async throws {
        let world = try World()
        _ = try await world.member("a@x.org")
        let known = try await world.client().requestReset("a@x.org")
        let unknown = try await world.client().requestReset("unknown@x.org")
        #expect(unknown.answer == known.answer)
        #expect(unknown.said == [])
        #expect(unknown.mailed == ["unknown_account to unknown@x.org"])
        #expect(known.mails.count == unknown.mails.count)
    }

    @Test(arguments: [false, true])
    func `known and unknown addresses cause the same writes`(_ byCode: Bool) async throws {
        let world = try World { $0.passwordResetByCode = byCode }
        _ = try await world.member("a@x.org")
        var counts = [try await world.rowCounts()]
        for email in ["a@x.org", "unknown@x.org"] {
            _ = try await world.accounts.requestPasswordReset(email)
            counts.append(try await world.rowCounts())
        }
        let known = zip(counts[1], counts[0]).map(-)
        #expect(known == [byCode ? 1 : 0, 1, 0])
        #expect(zip(counts[2], counts[1]).map(-) == known)
    }

    @Test func `without enumeration prevention an unknown address is refused`() async throws {
        let world = try World { $0.preventEnumeration = .off }
        let happened = try await world.client().requestReset("unknown@x.org")
        #expect(happened.answer == "refused unknown_email in email")
        #expect(happened.mailed == [])
    }

    @Test func `an inactive user is treated as unknown`() async throws {
        let world = try World()
        let member = try await world.member("a@x.org")
        let user = try #require(try await world.accounts.sessions.authenticate(token: member.token!)).user
        try await world.accounts.users.deactivate(user.id)
        #expect(try await world.client().requestReset("a@x.org").mailed == ["unknown_account to a@x.org"])
    }

    @Test func `a reset is mailed only to the user who verified the address, if one did`() async throws {
        let world = try World { $0.preventEnumeration = .strict }
        _ = try await world.client().signUp("a@x.org")
        _ = try await world.client().signUp("a@x.org")
        #expect(try await world.client().requestReset("a@x.org").mails.count == 2)
        _ = try await world.client().verify(try world.keyOfConfirmation(mailedTo: "a@x.org"))
        #expect(try await world.client().requestReset("a@x.org").mails.count == 1)
    }
}
