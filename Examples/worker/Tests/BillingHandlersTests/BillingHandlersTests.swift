// SPDX-License-Identifier: Apache-2.0
import AuthSignals
import AuthTesting
import BillingHandlers
import Testing

@Suite struct BillingHandlersTests {
    private struct Unavailable: Error {}

    /// A billing system whose first calls fail.
    private actor FlakyBilling: Billing {
        private(set) var customers: [String: String] = [:]
        private var failures: Int

        init(failures: Int = 0) { self.failures = failures }

        func createCustomer(_ user: String, email: String) throws {
            try fail()
            customers[user] = email
        }

        func changeAddress(of user: String, to email: String) throws -> Bool {
            try fail()
            guard customers[user] != nil else { return false }
            customers[user] = email
            return true
        }

        private func fail() throws {
            guard failures > 0 else { return }
            failures -= 1
            throw Unavailable()
        }
    }

    private let ada = UserSnapshot.sample(id: "1", email: "ada@example.org")

    @Test func `a user who signs up becomes a customer`() async throws {
        let billing = FlakyBilling()
        try await HandlerTest(billingHandlers(billing)) { worker in
            try await worker.send(UserSignedUp.sample(user: ada))
            #expect(await billing.customers == ["1": "ada@example.org"])
        }
    }

    @Test func `a call that fails is repeated after a second`() async throws {
        let billing = FlakyBilling(failures: 1)
        try await HandlerTest(billingHandlers(billing)) { worker in
            try await worker.send(UserSignedUp.sample(user: ada))
            #expect(worker.retries.map(\.handler) == ["customer"])
            try await worker.advance(by: .seconds(1))
            #expect(await billing.customers == ["1": "ada@example.org"])
        }
    }

    @Test func `a user without an address is dead-lettered at once`() async throws {
        try await HandlerTest(billingHandlers(FlakyBilling())) { worker in
            try await worker.send(UserSignedUp.sample(user: .sample(email: nil)))
            #expect(worker.deadLetters.map(\.reason) == ["the user has no address"])
        }
    }

    @Test func `a changed address waits for its customer`() async throws {
        let billing = FlakyBilling()
        try await HandlerTest(billingHandlers(billing)) { worker in
            try await worker.send(
                EmailChanged.sample(user: ada, toEmailAddress: .sample(email: "lovelace@example.org")))
            #expect(worker.retries.map(\.rung?.name) == ["10s"])
            try await worker.send(UserSignedUp.sample(user: ada))
            try await worker.advance(by: .seconds(10))
            #expect(await billing.customers == ["1": "lovelace@example.org"])
            #expect(worker.deadLetters.isEmpty)
        }
    }
}
