// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthSignals
import AuthSQLiteStore
import AuthStore
import AuthTesting
import Foundation
import Testing

/// An unverified address leads only to an account without any other way to log in.
@Suite struct ProvedAddressTests {
    /// An account that was created with `a@x.org`, whose creator has verified only `evil@x.org`.
    private func squat(_ world: World) async throws -> Client {
        let lax = World(restarting: world) {
            $0.emailVerification = .optional
            $0.emailVerificationByCode = false
        }
        let attacker = lax.client()
        _ = try await attacker.signUp("a@x.org")
        _ = try await attacker.addEmail("evil@x.org")
        _ = try await attacker.verify(try lax.keyOfConfirmation(mailedTo: "evil@x.org"))
        return attacker
    }

    @Test(arguments: [false, true])
    func `an unverified address resets no password, and its owner can sign up`(_ byCode: Bool) async throws {
        let world = try World {
            $0.emailVerification = .mandatory
            $0.passwordResetByCode = byCode
        }
        let attacker = try await squat(world)
        let requested = try await world.client().requestReset("a@x.org")
        #expect(requested.mailed == ["unknown_account to a@x.org"])
        let signedUp = try await world.client().signUp("a@x.org")
        #expect(signedUp.mailed == ["email_confirmation_signup to a@x.org"])
        let confirmed = try await world.client().verify(try world.key(mailedTo: "a@x.org"))
        #expect(confirmed.said == ["email_confirmed: a@x.org verified primary"])
        #expect(try await world.client().logIn("a@x.org").answer == "authenticated")
        // From here the address belongs to its owner alone.
        let again = try await world.client().requestReset("a@x.org")
        #expect(again.mails.map(\.to) == ["a@x.org"])
        #expect(again.mails.count == 1)
        #expect(try await world.userCount() == 2)
        #expect(try await attacker.current() == "authenticated")
    }

    @Test func `a log-in code is not sent to an unverified address of another account`() async throws {
        let world = try World.takingLoginCodes()
        _ = try await squat(world)
        let victim = world.client()
        #expect(try await victim.requestLoginCode("a@x.org").mailed == ["unknown_account to a@x.org"])
        #expect(try await victim.signUp("a@x.org").mailed == ["email_confirmation_signup to a@x.org"])
    }

    @Test func `an unverified address does not lead to an account with a provider account`() async throws {
        let world = try World.takingLoginCodes { $0.emailVerification = .optional }
        _ = try await world.client().social("666 a@x.org")
        #expect(try await world.client().requestReset("a@x.org").mailed == ["unknown_account to a@x.org"])
        #expect(try await world.client().requestLoginCode("a@x.org").mailed == ["unknown_account to a@x.org"])
        #expect(try await world.client().signUp("a@x.org").answer == "authenticated")
    }

    @Test func `an added and unconfirmed address cannot be used to log in`() async throws {
        let world = try World.takingLoginCodes { $0.emailVerification = .optional }
        let client = world.client()
        _ = try await client.signUp("a@x.org")
        _ = try await client.addEmail("slip@x.org")
        #expect(
            try await world.client().requestReset("slip@x.org").mailed == ["unknown_account to slip@x.org"])
        #expect(
            try await world.client().requestLoginCode("slip@x.org").mailed == [
                "unknown_account to slip@x.org"
            ])
        #expect(try await world.client().requestReset("a@x.org").mailed == ["password_reset_key to a@x.org"])
    }

    @Test(arguments: ["link", "code", "log-in"])
    func `verifying another address invalidates what was mailed`(_ way: String) async throws {
        let world = try World.takingLoginCodes {
            $0.emailVerification = .optional
            $0.passwordResetByCode = way == "code"
        }
        let attacker = world.client()
        _ = try await attacker.signUp("a@x.org")
        _ = try await attacker.addEmail("evil@x.org")
        let victim = world.client()
        _ =
            way == "log-in"
            ? try await victim.requestLoginCode("a@x.org") : try await victim.requestReset("a@x.org")
        let proof = try way == "link" ? world.key(mailedTo: "a@x.org") : world.code(mailedTo: "a@x.org")
        _ = try await attacker.verify(try world.keyOfConfirmation(mailedTo: "evil@x.org"))
        let happened =
            way == "log-in" ? try await victim.confirmLoginCode(proof) : try await victim.reset(proof)
        #expect(happened.said == [])
        #expect(happened.result.authentication == nil)
    }

    @Test func `without enumeration prevention an unverified address can still be signed up`() async throws {
        let world = try World { $0.preventEnumeration = .off }
        _ = try await squat(world)
        #expect(try await world.client().signUp("a@x.org").answer == "authenticated")
    }

    // MARK: Several accounts of one address

    @Test func `a log-in tries the password of each account with the address`() async throws {
        let world = try World { $0.preventEnumeration = .strict }
        for number in 1...4 { _ = try await world.client().signUp("a@x.org", "Sup3r-Secret-x\(number)") }
        for number in 1...4 {
            #expect(
                try await world.client().logIn("a@x.org", "Sup3r-Secret-x\(number)").answer == "authenticated"
            )
        }
        #expect(
            try await world.client().logIn("a@x.org", "Sup3r-Secret-x5").answer
                == "refused email_password_mismatch in password")
    }

    @Test(arguments: [false, true])
    func `a reset leaves the owner as the only user of an address of many accounts`(
        _ byCode: Bool
    ) async throws {
        let world = try World {
            $0.preventEnumeration = .strict
            $0.passwordResetByCode = byCode
        }
        for number in 1...30 { _ = try await world.client().signUp("a@x.org", "Sup3r-Secret-x\(number)") }
        let owner = world.client()
        #expect(try await owner.requestReset("a@x.org").mails.isEmpty == false)
        let proof = try byCode ? world.code(mailedTo: "a@x.org") : world.key(mailedTo: "a@x.org")
        #expect(try await owner.reset(proof).said.contains("email_confirmed: a@x.org verified primary"))
        #expect(try await world.client().logIn("a@x.org", otherPassword).answer == "authenticated")
        for number in [1, 15, 30] {
            #expect(
                try await world.client().logIn("a@x.org", "Sup3r-Secret-x\(number)").answer
                    == "refused email_password_mismatch in password")
        }
    }

    @Test func `a recently used account is tried first among many with the same address`() async throws {
        let world = try World { $0.preventEnumeration = .strict }
        let owner = world.client()
        _ = try await owner.signUp("a@x.org")
        world.clock.advance(by: .seconds(60))
        for number in 1...9 { _ = try await world.client().signUp("a@x.org", "Sup3r-Secret-x\(number)0") }
        #expect(try await world.client().logIn("a@x.org").answer == "authenticated")
        world.clock.advance(by: .seconds(60))
        for number in 1...5 { _ = try await world.client().signUp("a@x.org", "Sup3r-Secret-y\(number)0") }
        #expect(try await world.client().logIn("a@x.org").answer == "authenticated")
    }
}
