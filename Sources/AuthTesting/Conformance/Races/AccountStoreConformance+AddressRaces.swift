// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthSignals
import AuthStore
import Foundation
import Testing

extension AccountStoreConformance {
    static let racesOfAddresses: [Sentence] = [
        race("The last two addresses of a user are not both removed at once") { racers in
            let user = try await racers.user()
            try await racers.store.transaction { transaction in
                for email in ["a@example.org", "b@example.org"] {
                    try transaction.insert(user.address(email, verified: true))
                }
            }
            let (one, other) = (
                try await racers.session(of: user), try await racers.session(of: user)
            )
            let (first, second) = try await racers.race(
                { try await $0.removeEmail("a@example.org", one) },
                against: { try await $0.removeEmail("b@example.org", other) })
            #expect([first, second].filter(\.isSuccess).count == 1)
            #expect(try await racers.store.addresses(of: user.id).count == 1)
        },
        race("Two addresses added at once do not exceed the limit", { $0.maxEmailAddresses = 2 }) { racers in
            let user = try await racers.user("a@example.org")
            let (one, other) = (
                try await racers.session(of: user), try await racers.session(of: user)
            )
            let (first, second) = try await racers.race(
                { try await $0.addEmail("b@example.org", one) },
                against: { try await $0.addEmail("c@example.org", other) })
            #expect([first, second].filter(\.isSuccess).count == 1)
            #expect([first, second].flatMap(\.refusals) == [.maxEmailAddresses])
            #expect(try await racers.store.addresses(of: user.id).count == 2)
        },
        race(
            "Two addresses verified by code at once do not exceed the limit",
            {
                $0.maxEmailAddresses = 2
                $0.emailVerificationByCode = true
            }
        ) { racers in
            let user = try await racers.user("a@example.org")
            let (one, other) = (
                try await racers.session(of: user), try await racers.session(of: user)
            )
            _ = try await racers.accounts.addEmail("b@example.org", one)
            _ = try await racers.accounts.addEmail("c@example.org", other)
            let (b, c) = (
                try await racers.code(mailedTo: "b@example.org"),
                try await racers.code(mailedTo: "c@example.org")
            )
            let (first, second) = try await racers.race(
                { try await $0.confirmEmail(Code(b), one) },
                against: { try await $0.confirmEmail(Code(c), other) })
            #expect([first, second].flatMap(\.refusals) == [.maxEmailAddresses])
            #expect(try await racers.store.addresses(of: user.id).count == 2)
        },
        race("Of two addresses made primary at once one is, and the signals tell how") { racers in
            let user = try await racers.user("a@example.org", "b@example.org", "c@example.org")
            let (one, other) = (
                try await racers.session(of: user), try await racers.session(of: user)
            )
            let (first, second) = try await racers.race(
                { try await $0.makePrimary("b@example.org", one) },
                against: { try await $0.makePrimary("c@example.org", other) })
            #expect(first.isSuccess)
            #expect(second.isSuccess)
            let primary = try await racers.store.addresses(of: user.id).filter(\.primary).map(\.email)
            #expect(primary.count == 1)
            // Each change begins where the one before it ended.
            let changes = try await racers.changes()
            #expect(changes.count == 2)
            #expect(changes.map { $0.from } == ["a@example.org"] + changes.dropLast().map { $0.to })
            #expect(changes.last.map { [$0.to] } == primary)
        },
    ]

    static let racesOfSignUps: [Sentence] = [
        race("Two sign-ups with one address at once create one account") { racers in
            let (first, second) = try await racers.race(
                racers.signUp("a@example.org"), against: racers.signUp("a@example.org"))
            #expect([first, second].filter(\.isSuccess).count == 1)
            #expect([first, second].flatMap(\.refusals) == [.emailTaken])
            #expect(try await racers.store.addresses(matching: "a@example.org").count == 1)
            #expect(try await racers.count(UserSignedUp.name) == 1)
        },
        race(
            "Two sign-ups with one username at once create one account",
            {
                $0.signupFields = [.email: true, .username: true, .password1: true]
            }
        ) { racers in
            let (first, second) = try await racers.race(
                racers.signUp("a@example.org", username: "ada"),
                against: racers.signUp("b@example.org", username: "Ada"))
            #expect([first, second].filter(\.isSuccess).count == 1)
            #expect([first, second].flatMap(\.refusals) == [.usernameTaken])
            #expect(try await racers.count(UserSignedUp.name) == 1)
            #expect(try await racers.store.users(after: nil, joinedFrom: nil, limit: 10).users.count == 1)
        },
        race(
            "Two changes of the address at sign-up at once are both counted",
            {
                $0.emailVerification = .mandatory
                $0.emailVerificationByCode = true
                $0.emailVerificationChanges = 1
            }
        ) { racers in
            let context = try Racers.context(after: await racers.signUp("a@example.org")(racers.accounts))
            let (first, second) = try await racers.race(
                { try await $0.addEmail("b@example.org", context) },
                against: { try await $0.addEmail("c@example.org", context) })
            #expect([first, second].filter(\.isSuccess).count == 1)
            #expect(try await racers.store.addresses(matching: "a@example.org").isEmpty)
            var (addresses, mails) = (0, 0)
            for email in ["b@example.org", "c@example.org"] {
                addresses += try await racers.store.addresses(matching: email).count
                mails += try await racers.mails(to: email).count
            }
            #expect(addresses == 1)
            #expect(mails == 1)
        },
        race("Of 2,000 sign-ups with one address one creates an account, with one signal") { racers in
            let results = try await racers.together(20) { accounts, _ in
                var successes = 0
                for _ in 0..<100 {
                    let result = try await racers.signUp("a@example.org")(accounts)
                    if result.isSuccess { successes += 1 }
                }
                return successes
            }
            #expect(results.reduce(0, +) == 1)
            #expect(try await racers.store.addresses(matching: "a@example.org").count == 1)
            #expect(try await racers.count(UserSignedUp.name) == 1)
            #expect(try await racers.store.users(after: nil, joinedFrom: nil, limit: 10).users.count == 1)
        },
        race("Two log-ins of an unknown account at a provider at once sign up once, and both succeed") {
            racers in
            let (first, second) = try await racers.race(
                racers.social("1 a@example.org*"), against: racers.social("1 a@example.org*"))
            #expect(first.isSuccess)
            #expect(second.isSuccess)
            #expect(try await racers.count(UserSignedUp.name) == 1)
            #expect(try await racers.store.addresses(matching: "a@example.org").count == 1)
        },
        race(
            "An account that gets another way in meanwhile is not taken over by its address",
            {
                $0.social.emailAuthentication = true
                $0.social.emailAuthenticationAutoConnect = true
            }
        ) { racers in
            // Someone has signed up with another person's address, and connects an account at a provider to keep a way
            // in, while the owner of the address logs in by a provider that vouches for it.
            for (email, ownerIsFirst) in [("a@example.org", true), ("b@example.org", false)] {
                let context = try Racers.context(after: await racers.signUp(email)(racers.accounts))
                let owner = racers.social("owner-of-\(email) \(email)*")
                let maker = racers.social("maker-of-\(email) evil@example.org", .connect, context)
                if ownerIsFirst {
                    _ = try await racers.race(owner, against: maker)
                } else {
                    _ = try await racers.race(maker, against: owner)
                }
                let verified = try await racers.store.addresses(matching: email).filter(\.verified)
                let id = try #require(verified.first?.userID)
                #expect(try await racers.store.socialAccounts(of: id).map(\.uid) == ["owner-of-\(email)"])
                let makers = try #require(context.token)
                let session = try await racers.store.session(makers)
                #expect(session?.userID != id)
            }
        },
    ]
}
