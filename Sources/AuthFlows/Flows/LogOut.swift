// SPDX-License-Identifier: Apache-2.0

extension Accounts {
    /// Ends the caller's session, with its pending flows: `user_logged_out`, if a user was logged in.
    public func logOut(_ visit: FlowContext) async throws -> FlowResult<Void> {
        if case .unknownToken = try await caller(visit) { return .gone }
        return try await step(visit) { step in
            guard let session = try step.session() else { return .success(()) }
            if let id = session.userID, let user = try step.transaction.user(id: id) {
                try step.logOut(user, session)
            } else {
                try step.transaction.delete(session)
            }
            return .success(())
        }
    }
}
