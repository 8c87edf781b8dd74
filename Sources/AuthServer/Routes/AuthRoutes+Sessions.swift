// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import Foundation
import Hummingbird

extension AuthRoutes {
    /// `auth/sessions`: list and end.
    func addSessions<Context>(to routes: APIRoutes<Context>) {
        routes.get("auth/sessions") { call in
            try await call.answer(try await call.accounts.sessions.list(call.flowContext))
        }
        routes.delete("auth/sessions") { call in
            let texts = try call.body.read { $0.requiredTexts("sessions") }
            let ids = texts.compactMap { UUID(uuidString: $0) }
            guard ids.count == texts.count else {
                throw InputRefused(refusals: [.unknownSessions()])
            }
            return try await call.answer(try await call.accounts.sessions.end(ids, call.flowContext))
        }
    }
}
