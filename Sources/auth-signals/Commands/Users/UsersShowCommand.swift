// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import AuthFlows
import AuthServiceKit
import AuthSignals
import AuthStore
import Foundation

struct UsersShowCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract:
            "Print an account with its addresses, accounts at providers and sessions, personal data redacted."
    )

    @OptionGroup var selection: UserSelection

    @Flag(help: "Include personal data.")
    var full = false

    @Flag(help: "Print JSON in one line.")
    var json = false

    func run() async throws {
        let store = try await OutboxCommand.store()
        let id = try await selection.user(in: store).id
        let account: Account? = try await store.read { (reading: any AccountReading) in
            // The user may have been deleted since.
            guard let user = try reading.user(id: id) else { return nil }
            let record = try UserRecord(user, from: reading)
            return Account(
                user: UserLine(record), language: user.language?.code,
                emailAddresses: record.emailAddresses.map(\.snapshot),
                socialAccounts: try reading.socialAccounts(of: id).map(Account.Connection.init),
                sessions: try reading.sessions(of: id, now: Date()).map(Account.Session.init))
        }
        guard let account else { throw ProcessFailure(.failed, "no user has that id") }
        printLine(
            try account.outputValue(full: full).jsonText(pretty: !json), keepingLineBreaks: !json)
    }

    /// The output for an account.
    private struct Account: Encodable {
        var user: UserLine
        /// That of pages and mails; nil follows each request.
        var language: String?
        var emailAddresses: [EmailAddressSnapshot]
        var socialAccounts: [Connection]
        var sessions: [Session]

        private enum CodingKeys: String, CodingKey {
            case user, language, emailAddresses = "email_addresses", socialAccounts = "social_accounts",
                sessions
        }

        struct Connection: Encodable {
            var id: String
            var provider: String
            var uid: String
            var dateJoined: String
            var lastLogin: String?

            init(_ account: SocialAccount) {
                id = account.id.wireText
                provider = account.provider
                uid = account.uid
                dateJoined = account.dateJoined.wireText
                lastLogin = account.lastLogin?.wireText
            }

            private enum CodingKeys: String, CodingKey {
                case id, provider, uid, dateJoined = "date_joined", lastLogin = "last_login"
            }
        }

        /// A session that has not expired.
        struct Session: Encodable {
            var id: String
            var client: String
            var createdAt: String
            var lastSeenAt: String
            var expiresAt: String
            var ip: String?
            var userAgent: String?

            init(_ session: AuthFlows.Session) {
                id = session.id.wireText
                client = session.client.rawValue
                createdAt = session.createdAt.wireText
                lastSeenAt = session.lastSeenAt.wireText
                expiresAt = session.expiresAt.wireText
                ip = session.ip
                userAgent = session.userAgent
            }

            private enum CodingKeys: String, CodingKey {
                case id, client, createdAt = "created_at", lastSeenAt = "last_seen_at"
                case expiresAt = "expires_at", ip, userAgent = "user_agent"
            }
        }
    }
}
