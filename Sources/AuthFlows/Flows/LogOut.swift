// SPDX-License-Identifier: Apache-2.0

extension Accounts {
    /// Ends the caller's session, with its pending flows: `user_logged_out` and `session_ended`, if a user was
    /// logged in.
    public func logOut(_ context: FlowContext) async throws -> FlowResult<Void> {
        if case .unknownToken = try await caller(context) { return .gone }
        return try await withTransaction(context) { flow in
            guard let session = try flow.session() else { return .success(()) }
            if let id = session.userID, let user = try flow.transaction.user(id: id) {
                try flow.logOut(user, session)
            } else {
                try flow.transaction.delete(session)
            }
            return .success(())
        }
    }
}
