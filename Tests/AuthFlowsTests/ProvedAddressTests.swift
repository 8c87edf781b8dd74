// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthSignals
import AuthStore
import AuthTesting
import Foundation
import Testing

/// An address that nobody has proved leads only to an account that has no other way in.
@Suite struct ProvedAddressTests {
    /// An account that was made under `a@x.org`, whose maker has proved `evil@x.org` only.
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
    func `a reset by it resets nothing of another's, and its owner can sign up`(_ byCode: Bool) async throws {
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
        // From now on the address is its owner's alone.
        let again = try await world.client().requestReset("a@x.org")
        #expect(again.mails.map(\.to) == ["a@x.org"])
        #expect(again.mails.count == 1)
        #expect(try await world.userCount() == 2)
        #expect(try await attacker.current() == "authenticated")
    }

    @Test func `a log-in by code neither`() async throws {
        let world = try World.takingLoginCodes()
        _ = try await squat(world)
        let victim = world.client()
        #expect(try await victim.requestLoginCode("a@x.org").mailed == ["unknown_account to a@x.org"])
        #expect(try await victim.signUp("a@x.org").mailed == ["email_confirmation_signup to a@x.org"])
    }

    @Test func `nor where the other way in is an account at a provider`() async throws {
        let world = try World.takingLoginCodes { $0.emailVerification = .optional }
        _ = try await world.client().social("666 a@x.org")
        #expect(try await world.client().requestReset("a@x.org").mailed == ["unknown_account to a@x.org"])
        #expect(try await world.client().requestLoginCode("a@x.org").mailed == ["unknown_account to a@x.org"])
        #expect(try await world.client().signUp("a@x.org").answer == "authenticated")
    }

    @Test func `an address that was added and never confirmed leads nobody in`() async throws {
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
    func `what was mailed is void once another address was proved`(_ way: String) async throws {
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

    @Test func `with nothing hidden such an address is free to its owner`() async throws {
        let world = try World { $0.preventEnumeration = .off }
        _ = try await squat(world)
        #expect(try await world.client().signUp("a@x.org").answer == "authenticated")
    }

    // MARK: Several accounts of one address

    @Test func `of many accounts of one address each password is tried`() async throws {
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
    func `however many have an address, its owner has a way in and is then the only one`(
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

    @Test func `of more than are tried, who uses the account logs in still`() async throws {
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
