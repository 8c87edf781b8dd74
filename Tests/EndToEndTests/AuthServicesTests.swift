// SPDX-License-Identifier: Apache-2.0
import AuthBroker
import AuthFlows
import AuthMail
import AuthRelay
import AuthServices
import AuthSignals
import AuthSQLiteStore
import AuthStore
import AuthTesting
import BrokerSupport
import Foundation
import Logging
import ProgramSupport
import ServiceLifecycle
import Testing

extension EndToEnd {
    @Suite("AuthServices in an embedding application")
    struct AuthServicesTests {
        @Test func `the services publish signals, send mails and delete expired sessions`()
            async throws
        {
            let installation = try await Installation(broker: try await PrivateBroker.shared.url)
            let worker = try await installation.consume(queue: "embedded")
            let keys = KeyRing(secret: String(repeating: "k", count: 32))
            let (store, expired) = (try await installation.openStore(), SessionToken.random())
            let accounts = Accounts(store: store, keys: keys, passwords: PasswordHasher(cost: .init(n: 1024)))
            var mail = MailSettings()
            mail.url = MailURL(.folder(installation.folder.path("mail")))
            var logger = Logger(label: "test")
            logger.logLevel = .critical
            try await store.transaction { transaction in
                try transaction.insert(
                    Session(
                        id: .version7(), tokenHash: expired.hash, userID: nil, client: .app,
                        createdAt: Date() - 60, expiresAt: Date() - 30, lastSeenAt: Date() - 60, ip: nil,
                        userAgent: nil))
            }
            let services = try AuthServices(
                store: store, accounts: accounts, broker: try installation.broker, mail: mail, logger: logger)
            let group = ServiceGroup(services: services.all, logger: logger)
            try await withThrowingTaskGroup(of: Void.self) { tasks in
                tasks.addTask { try await group.run() }
                _ = try await accounts.signUp(
                    SignUp(email: "ada@example.org", password: Password("correct-horse")))
                let handled = try await worker.handled(atLeast: 3)
                #expect(handled.map(\.signal).contains("account.email_confirmation_sent"))
                try await eventually("the mail is sent") { installation.mails().count == 1 }
                try await eventually("the expired session is deleted") {
                    try await store.read { try $0.session(tokenHash: expired.hash) } == nil
                }
                await group.triggerGracefulShutdown()
                try await tasks.waitForAll()
            }
            #expect(services.relay?.phase == .stopped)
            try await worker.program.stop()
        }

        @Test func `omits the relay and the mail loop if no broker and no mail settings are given`() throws {
            let store = try SQLiteStore.inMemory()
            let services = try AuthServices(
                store: store, broker: nil, mail: nil, logger: Logger(label: "test"))
            #expect(services.all.count == 1)
            #expect(services.relay == nil && services.publisher == nil && services.mailLoop == nil)
        }
    }
}
