// SPDX-License-Identifier: Apache-2.0
import AuthSignals

/// The part of a billing system that the handlers call; in a real worker a client of its HTTP API.
///
/// A message can be delivered twice, so repeating a call must change nothing.
public protocol Billing: Sendable {
    /// Creates a customer with the user's id.
    func createCustomer(_ user: String, email: String) async throws

    /// Changes the address to which a customer's invoices are sent.
    ///
    /// - Returns: false if the customer does not exist.
    func changeAddress(of user: String, to email: String) async throws -> Bool
}

/// The handlers of the worker.
public func billingHandlers(_ billing: some Billing) -> SignalHandlers {
    var handlers = SignalHandlers()
    handlers.on(UserSignedUp.self, as: "customer") { signal, context in
        guard let email = signal.user.email else {
            throw SignalVerdict.reject("the user has no address")
        }
        // If this throws, the message is retried after 1 s, 10 s, 1 min and so on.
        try await billing.createCustomer(signal.user.id, email: email)
        context.logger.info("customer created", metadata: ["customer": "\(signal.user.id)"])
    }
    handlers.on(EmailChanged.self, as: "invoice-address") { signal, context in
        guard let email = signal.toEmailAddress.email else {
            throw SignalVerdict.reject("the new address is not in the signal")
        }
        guard try await billing.changeAddress(of: signal.user.id, to: email) else {
            throw SignalVerdict.retry(after: .seconds(10))
        }
        context.logger.info("invoice address changed", metadata: ["customer": "\(signal.user.id)"])
    }
    return handlers
}
