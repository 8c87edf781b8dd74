// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthSignals
import AuthStore
import Foundation
import Testing

extension AccountStoreConformance {
    private static func change(
        _ context: FlowContext, to password: String = Racers.newPassword
    ) -> @Sendable (Accounts) async throws -> FlowResult<Authentication> {
        { accounts in
            let form = ChangePassword(current: Password(Racers.password), new: Password(password))
            return try await accounts.changePassword(form, context)
        }
    }

    /// Checks that no log-in succeeds with a password that was changed before, and that no signal reports one.
    private static func checkChanged(_ racers: Racers, _ user: User, _ email: String) async throws {
        #expect(try await racers.store.sessions(of: user.id).count == 1)
        let signals = try await racers.signals()
        let changed = try #require(signals.lastIndex(of: PasswordChanged.name))
        let loggedIn = signals.lastIndex(of: UserLoggedIn.name) ?? -1
        #expect(loggedIn < changed)
        #expect(try await racers.logIn(email)(racers.accounts).refusals == [.emailPasswordMismatch])
        #expect(try await racers.logIn(email, Racers.newPassword)(racers.accounts).isSuccess)
    }

    static let racesOfUsers: [Sentence] = [
        race("A log-in that compared the former password does not outlive or undo a change of it") { racers in
            let first = try await racers.user("a@example.org")
            let context = try await racers.session(of: first)
            _ = try await racers.race(racers.logIn("a@example.org"), against: change(context))
            try await checkChanged(racers, first, "a@example.org")

            let second = try await racers.user("b@example.org")
            let other = try await racers.session(of: second)
            _ = try await racers.race(change(other), against: racers.logIn("b@example.org"))
            try await checkChanged(racers, second, "b@example.org")
        },
        race("Of two changes of a password at once one succeeds, and its session goes on") { racers in
            let user = try await racers.user("a@example.org")
            let (one, other) = (
                try await racers.session(of: user), try await racers.session(of: user)
            )
            let (first, second) = try await racers.race(
                change(one), against: change(other, to: "Th1rd-Secret-z7"))
            #expect([first, second].filter(\.isSuccess).count == 1)
            #expect(try await racers.count(PasswordChanged.name) == 1)
            let sessions = try await racers.store.sessions(of: user.id)
            #expect(sessions.count == 1)
            let context = try Racers.context(after: first.isSuccess ? first : second)
            #expect(sessions.map(\.tokenHash) == [try #require(context.token).hash])
        },
        race("A reauthentication by the former password does not follow a change of it") { racers in
            let user = try await racers.user("a@example.org")
            let (one, other) = (
                try await racers.session(of: user), try await racers.session(of: user)
            )
            _ = try await racers.race(
                { try await $0.reauthenticate(Password(Racers.password), one) }, against: change(other))
            let signals = try await racers.signals()
            let changed = try #require(signals.lastIndex(of: PasswordChanged.name))
            #expect(signals.lastIndex(of: AuthenticationStepCompleted.name) ?? -1 < changed)
            #expect(try await racers.store.sessions(of: user.id).count == 1)
        },
        race("A log-in does not undo or outlive a deactivation") { racers in
            let first = try await racers.user("a@example.org")
            _ = try await racers.race(
                racers.logIn("a@example.org"), against: { try await $0.users.deactivate(first.id) })
            let second = try await racers.user("b@example.org")
            _ = try await racers.race(
                { try await $0.users.deactivate(second.id) }, against: racers.logIn("b@example.org"))
            for user in [first, second] {
                #expect(try await racers.store.user(user.id)?.isActive == false)
                #expect(try await racers.store.sessions(of: user.id).isEmpty)
            }
            #expect(try await racers.count(UserDeactivated.name) == 2)
        },
        race("A log-in and a deletion of its user at once leave no session, and both end without an error") {
            racers in
            let first = try await racers.user("a@example.org")
            let (_, isDeleted) = try await racers.race(
                racers.logIn("a@example.org"), against: { try await $0.users.delete(first.id) })
            let second = try await racers.user("b@example.org")
            let (isDeletedToo, _) = try await racers.race(
                { try await $0.users.delete(second.id) }, against: racers.logIn("b@example.org"))
            #expect(isDeleted)
            #expect(isDeletedToo)
            for user in [first, second] {
                #expect(try await racers.store.user(user.id) == nil)
                #expect(try await racers.store.sessions(of: user.id).isEmpty)
            }
            #expect(try await racers.count(UserDeleted.name) == 2)
            // Each session that a log-in has opened has ended.
            let started = try await racers.count(UserLoggedIn.name)
            #expect(try await racers.count(SessionEnded.name) == started)
        },
        race("The last two accounts at providers of a user without a password are not both removed at once") {
            racers in
            let user = try await racers.user("a@example.org", hasPassword: false)
            try await racers.store.transaction { transaction in
                for uid in ["1", "2"] { try transaction.insert(user.account(uid)) }
            }
            let (one, other) = (
                try await racers.session(of: user), try await racers.session(of: user)
            )
            let (first, second) = try await racers.race(
                { try await $0.removeSocialAccount(provider: "example", uid: "1", one) },
                against: { try await $0.removeSocialAccount(provider: "example", uid: "2", other) })
            #expect([first, second].filter(\.isSuccess).count == 1)
            #expect([first, second].flatMap(\.refusals) == [.noPassword])
            #expect(try await racers.store.socialAccounts(of: user.id).count == 1)
        },
    ]
}
