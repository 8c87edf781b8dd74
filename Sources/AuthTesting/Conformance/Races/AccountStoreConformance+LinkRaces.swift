// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthSignals
import AuthStore
import Foundation
import Testing

extension AccountStoreConformance {
    static let racesOfLinks: [Sentence] = [
        race(
            "A confirmation link that is opened twice at once confirms once",
            {
                $0.emailVerification = .mandatory
            }
        ) { racers in
            _ = try await racers.signUp("a@example.org")(racers.accounts)
            let key = LinkKey(try await racers.key(mailedTo: "a@example.org"))
            let (first, second) = try await racers.race(
                { try await $0.confirmEmail(key) }, against: { try await $0.confirmEmail(key) })
            #expect([first, second].map(\.refusals).filter { $0 == [.invalidOrExpiredKey] }.count == 1)
            #expect(try await racers.count(EmailConfirmed.name) == 1)
            #expect(try await racers.count(SignupCompleted.name) == 1)
        },
        race("A reset link that is used twice at once resets once") { racers in
            _ = try await racers.user("a@example.org")
            _ = try await racers.accounts.requestPasswordReset("a@example.org")
            let key = try await racers.key(mailedTo: "a@example.org")
            let (first, second) = try await racers.race(
                {
                    try await $0.resetPassword(
                        ResetPassword(key: key, password: Password(Racers.newPassword)))
                },
                against: {
                    try await $0.resetPassword(
                        ResetPassword(key: key, password: Password("Th1rd-Secret-z7")))
                })
            #expect([first, second].map(\.refusals).filter { $0 == [.invalidPasswordReset] }.count == 1)
            #expect(try await racers.count(PasswordReset.name) == 1)
        },
        race("Of two users who verify one address at once one gets it", { $0.preventEnumeration = .strict }) {
            racers in
            var keys: [LinkKey] = []
            for _ in 0..<2 {
                _ = try await racers.signUp("a@example.org")(racers.accounts)
                keys.append(LinkKey(try await racers.key(mailedTo: "a@example.org")))
            }
            let (one, other) = (keys[0], keys[1])
            _ = try await racers.race(
                { try await $0.confirmEmail(one) }, against: { try await $0.confirmEmail(other) })
            #expect(try await racers.count(EmailConfirmed.name) == 1)
            let addresses = try await racers.store.addresses(matching: "a@example.org")
            #expect(addresses.map(\.verified).filter { $0 }.count == 1)
        },
        race("Links of two users, each opened in the other's session at once, both confirm") { racers in
            for turn in 0..<4 {
                let emails = ["a\(turn)@example.org", "b\(turn)@example.org"]
                var contexts: [FlowContext] = []
                var keys: [LinkKey] = []
                for email in emails {
                    contexts.append(try Racers.context(after: await racers.signUp(email)(racers.accounts)))
                    keys.append(LinkKey(try await racers.key(mailedTo: email)))
                }
                let (links, sessions) = (keys, contexts)
                _ = try await racers.together(2) { accounts, index in
                    try await accounts.confirmEmail(links[index], sessions[1 - index])
                }
                for email in emails {
                    let addresses = try await racers.store.addresses(matching: email)
                    #expect(addresses.map(\.verified) == [true])
                }
            }
            #expect(try await racers.count(EmailConfirmed.name) == 8)
        },
    ]
}
