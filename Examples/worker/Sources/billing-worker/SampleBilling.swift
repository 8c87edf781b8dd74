// SPDX-License-Identifier: Apache-2.0
import BillingHandlers

/// Accepts every call; replace it with a client of your billing system.
struct SampleBilling: Billing {
    func createCustomer(_ user: String, email: String) async throws {}
    func changeAddress(of user: String, to email: String) async throws -> Bool { true }
}
