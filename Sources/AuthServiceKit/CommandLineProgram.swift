// SPDX-License-Identifier: Apache-2.0
package import ArgumentParser
import AuthSignals
import Foundation

/// Runs an executable's root command with the exit codes of ``ProcessFailure``.
package enum CommandLineProgram {
    /// Parses the command line, runs the command and ends the process.
    package static func main<Root: AsyncParsableCommand>(_ root: Root.Type, program: String) async -> Never {
        do {
            var command = try Root.parseAsRoot()
            if var asynchronous = command as? any AsyncParsableCommand {
                try await asynchronous.run()
            } else {
                try command.run()
            }
            endProcess(0)
        } catch let failure as ProcessFailure {
            failure.exit(program: program)
        } catch let faults as SettingFaults {
            ProcessFailure(faults).exit(program: program)
        } catch {
            let code = Root.exitCode(for: error)
            if code == .success {
                print(Root.fullMessage(for: error))
                endProcess(0)
            }
            let isUsage = code == .validationFailure
            let text = Root.message(for: error) + (isUsage ? " (see --help)" : "")
            ProcessFailure(isUsage ? .usage : .failed, text).exit(program: program)
        }
    }
}
