// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import AuthFlows
import AuthServiceKit
import AuthSignals
import AuthStore

struct UsersConfirmEmailCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "confirm-email",
        abstract: "Mark an address of a user as verified: account.email_confirmed.",
        discussion: """
            Only for an address that the user has proved to you in another way. The address is the one in --address,
            else the one in --email, else the primary one; it must be an address of the user.
            """)

    @OptionGroup var selection: UserSelection

    @Option(help: "The address, if it is not the one that selects the user.")
    var address: String?

    @Flag(help: "Print JSON.")
    var json = false

    func run() async throws {
        let (accounts, store) = try await UsersCommand.opened()
        let user = try await selection.user(in: store)
        let addresses = try await accounts.users.emailAddresses(of: user.id)
        let wanted = address ?? selection.email
        let found = addresses.first { wanted == nil ? $0.primary : $0.isNamed(wanted) }
        guard let email = found?.email else {
            throw ProcessFailure(
                .failed,
                wanted == nil
                    ? "the user has no primary address, select one with --address"
                    : "the user does not have that address")
        }
        let isChanged: Bool
        do {
            isChanged = try await accounts.users.confirmEmail(email, of: user.id)
        } catch StoreConflict.verifiedEmail {
            throw ProcessFailure(.failed, "another user has verified that address")
        }
        if json {
            printLine(try Result(id: user.subject, isChanged: isChanged).jsonText())
        } else {
            printLine("\(user.subject): address \(isChanged ? "confirmed" : "was verified already")")
        }
    }

    private struct Result: Encodable {
        var id: String
        var isChanged: Bool
        private enum CodingKeys: String, CodingKey { case id, isChanged = "changed" }
    }
}
