// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthSignals
import AuthStore
import Foundation
import Testing

/// Races of the flows of two processes. In each, one transaction is stopped between its reads and its first write while
/// the other one runs: it goes wrong in a store whose reads neither lock nor exclude other writers.
extension AccountStoreConformance {
    /// The rules about concurrent flows; they are in ``sentences`` too.
    public static let races = racesOfCodes + racesOfLinks + racesOfUsers + racesOfAddresses + racesOfSignUps

    static func race(
        _ text: String, _ configure: @escaping @Sendable (inout AccountSettings) -> Void = { _ in },
        _ body: @escaping @Sendable (Racers) async throws -> Void
    ) -> Sentence {
        Sentence(text) { database in try await body(Racers(database, configure)) }
    }

    /// A code that was never mailed, but for a chance of one in 25 billion.
    private static let wrongCode = "BCDF-GHJK"

    /// Two wrong guesses at once, and how many of them were counted.
    private static func countedGuesses(
        _ racers: Racers, _ purpose: PendingCode.Purpose, _ context: FlowContext,
        _ guess: @escaping @Sendable (Accounts) async throws -> Void
    ) async throws -> Int? {
        _ = try await racers.race(guess, against: guess)
        let token = try #require(context.token)
        return try await racers.store.session(token)?.state.pendingCodes[purpose]?.failedAttempts
    }

    static let racesOfCodes: [Sentence] = [
        race("Two wrong log-in codes at once are both counted", { $0.loginByCodeEnabled = true }) { racers in
            _ = try await racers.user("a@example.org")
            let context = try Racers.context(
                after: await racers.accounts.requestLoginCode(RequestLoginCode(email: "a@example.org")))
            let counted = try await countedGuesses(racers, .login, context) {
                _ = try await $0.confirmLoginCode(Code(wrongCode), context)
            }
            #expect(counted == 2)
        },
        race("Two wrong reset codes at once are both counted", { $0.passwordResetByCode = true }) { racers in
            _ = try await racers.user("a@example.org")
            let context = try Racers.context(
                after: await racers.accounts.requestPasswordReset("a@example.org"))
            let counted = try await countedGuesses(racers, .resetPassword, context) {
                let form = ResetPassword(key: wrongCode, password: Password(Racers.newPassword))
                _ = try await $0.resetPassword(form, context)
            }
            #expect(counted == 2)
        },
        race(
            "Two wrong verification codes at once are both counted",
            {
                $0.emailVerification = .mandatory
                $0.emailVerificationByCode = true
            }
        ) { racers in
            let context = try Racers.context(after: await racers.signUp("a@example.org")(racers.accounts))
            let counted = try await countedGuesses(racers, .verifyEmail, context) {
                _ = try await $0.confirmEmail(Code(wrongCode), context)
            }
            #expect(counted == 2)
        },
        race(
            "Of many guesses of a code at once no more than the limit are compared",
            {
                $0.loginByCodeEnabled = true
            }
        ) { racers in
            _ = try await racers.user("a@example.org")
            let context = try Racers.context(
                after: await racers.accounts.requestLoginCode(RequestLoginCode(email: "a@example.org")))
            let results = try await racers.together(24) { accounts, _ in
                try await accounts.confirmLoginCode(Code(wrongCode), context)
            }
            let limit = racers.settings.loginByCodeMaxAttempts
            #expect(results.filter { $0.refusals == [.incorrectCode] }.count == limit)
            #expect(try await racers.count(LoginCodeRejected.name) == limit)
        },
        race(
            "A right log-in code that is entered twice at once logs in once",
            {
                $0.loginByCodeEnabled = true
            }
        ) { racers in
            let user = try await racers.user("a@example.org")
            let context = try Racers.context(
                after: await racers.accounts.requestLoginCode(RequestLoginCode(email: "a@example.org")))
            let code = try await racers.code(mailedTo: "a@example.org")
            let (first, second) = try await racers.race(
                { try await $0.confirmLoginCode(Code(code), context) },
                against: { try await $0.confirmLoginCode(Code(code), context) })
            #expect([first, second].filter(\.isSuccess).count == 1)
            #expect(try await racers.count(UserLoggedIn.name) == 1)
            #expect(try await racers.store.sessions(of: user.id).count == 1)
        },
        race(
            "A right reset code that is entered twice at once resets once",
            {
                $0.passwordResetByCode = true
            }
        ) { racers in
            _ = try await racers.user("a@example.org")
            let context = try Racers.context(
                after: await racers.accounts.requestPasswordReset("a@example.org"))
            let code = try await racers.code(mailedTo: "a@example.org")
            _ = try await racers.race(
                {
                    let form = ResetPassword(key: code, password: Password(Racers.newPassword))
                    return try await $0.resetPassword(form, context)
                },
                against: {
                    let form = ResetPassword(key: code, password: Password("Th1rd-Secret-z7"))
                    return try await $0.resetPassword(form, context)
                })
            #expect(try await racers.count(PasswordReset.name) == 1)
        },
        race(
            "Two resends of a verification code at once are both counted",
            {
                $0.emailVerification = .mandatory
                $0.emailVerificationByCode = true
                $0.emailVerificationResends = 1
            }
        ) { racers in
            let context = try Racers.context(after: await racers.signUp("a@example.org")(racers.accounts))
            let (first, second) = try await racers.race(
                { try await $0.resendVerification(context) },
                against: { try await $0.resendVerification(context) })
            #expect([first, second].filter(\.isSuccess).count == 1)
            #expect(try await racers.mails(to: "a@example.org").count == 2)
        },
        race(
            "Two resends of a log-in code at once are both counted",
            {
                $0.loginByCodeEnabled = true
                $0.loginByCodeResends = 1
            }
        ) { racers in
            _ = try await racers.user("a@example.org")
            let context = try Racers.context(
                after: await racers.accounts.requestLoginCode(RequestLoginCode(email: "a@example.org")))
            let (first, second) = try await racers.race(
                { try await $0.resendLoginCode(context) }, against: { try await $0.resendLoginCode(context) })
            #expect([first, second].filter(\.isSuccess).count == 1)
            #expect(try await racers.mails(to: "a@example.org").count == 2)
        },
        race("Two changes of a session's state at once are both kept") { racers in
            let token = try #require(try await racers.session(of: racers.user("a@example.org")).token)
            let record: @Sendable (AuthenticationMethod) -> @Sendable (Accounts) async throws -> Void = {
                method in
                { accounts in
                    try await accounts.store.transaction { transaction in
                        guard var session = try transaction.session(tokenHash: token.hash) else { return }
                        session.state.methods.append(
                            AuthenticationRecord(method: method, at: transaction.now))
                        try transaction.update(session)
                    }
                }
            }
            _ = try await racers.race(record(.password), against: record(.code))
            let methods = try await racers.store.session(token)?.state.methods.map(\.method)
            #expect(methods == [.password, .code] || methods == [.code, .password])
        },
    ]
}
