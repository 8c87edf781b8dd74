// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthSignals
import AuthTesting
import Foundation
import Testing

@Suite struct RequireVerifiedEmailTests {
    @Test
    func `passes with a verified address, else mails a link within the rate limit`()
        async throws
    {
        let world = try World(limited: true)
        let client = world.client()
        _ = try await client.signUp("a@x.org")
        let soon = try await client.does { try await $0.requireVerifiedEmail($1) }
        #expect(soon.answer == "refused unverified_primary_email")
        #expect(soon.said == [])
        world.clock.advance(by: .seconds(181))
        let later = try await client.does { try await $0.requireVerifiedEmail($1) }
        #expect(later.answer == "refused unverified_primary_email")
        #expect(later.said == ["email_confirmation_sent: link a@x.org primary"])
        _ = try await client.verify(try world.key(mailedTo: "a@x.org"))
        #expect(try await client.does { try await $0.requireVerifiedEmail($1) }.answer == "authenticated")
        #expect(
            try await world.client().does { try await $0.requireVerifiedEmail($1) }.answer
                == "unauthenticated")
    }
}
