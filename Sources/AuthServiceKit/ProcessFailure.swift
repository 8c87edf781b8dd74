// SPDX-License-Identifier: Apache-2.0
public import AuthSignals
import Foundation

/// Why one of our executables fails: one line on standard error and an exit code.
public struct ProcessFailure: Error, Sendable, CustomStringConvertible {
    /// The exit codes of our executables.
    public struct Code: Hashable, Sendable {
        public let rawValue: Int32
        private init(_ rawValue: Int32) { self.rawValue = rawValue }
        /// Any other failure.
        public static let failed = Code(1)
        /// The command line or the configuration is wrong.
        public static let usage = Code(2)
        /// A dependency (broker, mail) is not reachable: `EX_TEMPFAIL` of sysexits.h.
        public static let unreachable = Code(75)
    }

    public let code: Code
    /// One line that says what to do. It must not contain a secret.
    public let message: String

    public init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    /// Lists every wrong setting in one line.
    public init(_ faults: SettingFaults) {
        self.init(.usage, faults.description)
    }

    public var description: String { message }

    /// Writes the message to standard error and ends the process.
    public func exit(program: String) -> Never {
        let line = message.replacing("\n", with: " ").terminalSafe
        FileHandle.standardError.write(Data("\(program): \(line)\n".utf8))
        Foundation.exit(code.rawValue)
    }
}
