// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import AuthServiceKit

@main
enum AuthSignalsProgram {
    static func main() async {
        await CommandLineProgram.main(AuthSignalsCommand.self, program: "auth-signals")
    }
}

/// The server and the operator's commands.
struct AuthSignalsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "auth-signals",
        abstract: "Authentication server that publishes account events as signals.",
        discussion: """
            Settings are read from the environment; `auth-signals check` validates all of them. Results are
            written to standard output, logs to standard error. Exit codes: 0 success, 1 failure (for example
            a port is in use, or a second SIGTERM or SIGINT stopped it at once), 2 invalid command line or
            setting, 75 the broker, the mail server or the database server is not reachable.
            """,
        subcommands: subcommands)

    private static var subcommands: [any ParsableCommand.Type] {
        var all: [any ParsableCommand.Type] = [
            ServeCommand.self, RelayCommand.self, MailCommand.self, MigrateCommand.self, CheckCommand.self,
            BackupCommand.self, RestoreCommand.self,
            UsersCommand.self, OutboxCommand.self, DeadCommand.self, TopologyCommand.self, TailCommand.self,
            TriggerCommand.self,
            CatalogCommand.self,
        ]
        #if PostgreSQL
            all.append(StoreCommand.self)
        #endif
        return all
    }
}
