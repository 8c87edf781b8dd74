// SPDX-License-Identifier: Apache-2.0
package import AuthSignals
import Foundation

/// Why one of our executables fails: one line on standard error and an exit code.
package struct ProcessFailure: Error, Sendable, CustomStringConvertible {
    /// The exit codes of our executables.
    package struct Code: Hashable, Sendable {
        package let rawValue: Int32
        private init(_ rawValue: Int32) { self.rawValue = rawValue }
        /// Any other failure.
        package static let failed = Code(1)
        /// The command line or the configuration is wrong.
        package static let usage = Code(2)
        /// A dependency (broker, mail) is not reachable: `EX_TEMPFAIL` of sysexits.h.
        package static let unreachable = Code(75)
    }

    package let code: Code
    /// One line that says what to do. It must not contain a secret.
    package let message: String

    package init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    /// Lists every wrong setting in one line.
    package init(_ faults: SettingFaults) {
        self.init(.usage, faults.description)
    }

    package var description: String { message }

    /// Writes the message to standard error and ends the process.
    package func exit(program: String) -> Never {
        let line = message.replacing("\n", with: " ").terminalSafe
        FileHandle.standardError.write(Data("\(program): \(line)\n".utf8))
        endProcess(code.rawValue)
    }
}

/// Ends the process with what was printed, but without the handlers of exit(3).
///
/// Threads of connections and of the runtime are still running. The handlers of libraries (OpenSSL's among them) destroy
/// what these threads use, which has corrupted the heap of a command that had done its work. Nothing durable depends on
/// the handlers: stores and brokers are written before a command returns.
package func endProcess(_ code: Int32) -> Never {
    fflush(nil)
    _exit(code)
}

/// Ends the process like ``endProcess(_:)``, but waits at most half a second for the output.
///
/// A thread that writes to a full pipe without a reader holds the lock of the output stream, and flushing waits for it.
package func endProcessAtOnce(_ code: Int32) -> Never {
    let isFlushed = DispatchSemaphore(value: 0)
    Thread.detachNewThread {
        fflush(nil)
        isFlushed.signal()
    }
    _ = isFlushed.wait(timeout: .now() + .milliseconds(500))
    _exit(code)
}
