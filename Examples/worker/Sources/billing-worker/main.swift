// SPDX-License-Identifier: Apache-2.0
import AuthWorker
import BillingHandlers

let handlers = billingHandlers(SampleBilling())
try await SignalWorker(queue: "billing", patterns: ["account.#"], handlers: handlers).run()
