// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import AuthOperations

@main
enum AuthSignalsProgram {
    static func main() async {
        await CommandLineProgram.main(AuthSignalsCommand.self, program: "auth-signals")
    }
}

/// The server and the operator's tool.
struct AuthSignalsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "auth-signals",
        abstract: "Account flows that tell the rest of the system what happened.",
        discussion: """
            Settings come from the environment; `auth-signals check` reads all of them and says every fault.
            Results go to standard output, logs to standard error. Exit codes: 0 done, 1 failed (a port is
            taken, or a second SIGTERM or SIGINT stopped it at once), 2 the command line or a setting is wrong,
            75 the broker or the mail server is not reachable.
            """,
        subcommands: [
            ServeCommand.self, RelayCommand.self, MailCommand.self, MigrateCommand.self, CheckCommand.self,
            BackupCommand.self, RestoreCommand.self,
            OutboxCommand.self, DeadCommand.self, TopologyCommand.self, TailCommand.self, CatalogCommand.self,
        ])
}
