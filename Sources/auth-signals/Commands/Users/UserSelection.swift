// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import AuthFlows
import AuthServiceKit
import AuthSignals
import AuthStore
import Foundation

/// One user, given by id, e-mail address or username.
struct UserSelection: ParsableArguments {
    @Argument(help: "The user's id.")
    var id: String?

    @Option(help: "An e-mail address of the user; of several users, the one who has verified it.")
    var email: String?

    @Option(help: "The user's username.")
    var username: String?

    func validate() throws {
        guard [id, email, username].compactMap(\.self).count == 1 else {
            throw ValidationError("select one user with an id, --email or --username")
        }
        if let id, UUID(uuidString: id) == nil {
            throw ValidationError(
                "the user's id must be a UUID; --email and --username select by address or name")
        }
    }

    /// - Throws: `ProcessFailure` if no user or several users match.
    func user(in store: any OperatedStore) async throws -> User {
        let (id, email, username) = (id.flatMap(UUID.init(uuidString:)), email, username)
        let found: [User] = try await store.read { (reading: any AccountReading) in
            if let id { return try [reading.user(id: id)].compactMap(\.self) }
            if let username { return try [reading.user(username: username)].compactMap(\.self) }
            return try Self.users(of: email ?? "", reading)
        }
        guard let user = found.first else {
            let attribute = id != nil ? "id" : username != nil ? "username" : "e-mail address"
            throw ProcessFailure(.failed, "no user has that \(attribute)")
        }
        guard found.count == 1 else {
            throw ProcessFailure(
                .failed,
                "several users have that e-mail address, select one by id: "
                    + found.map(\.subject).joined(separator: ", "))
        }
        return user
    }

    /// The users who have verified the address, or otherwise those who have added it.
    private static func users(of email: String, _ reading: any AccountReading) throws -> [User] {
        let addresses = try reading.emailAddresses(matching: email)
        let verified = addresses.filter(\.verified)
        var ids: [User.ID] = []
        for address in verified.isEmpty ? addresses : verified where !ids.contains(address.userID) {
            ids.append(address.userID)
        }
        return try ids.compactMap { try reading.user(id: $0) }
    }
}
