// SPDX-License-Identifier: Apache-2.0
package import AuthSignals
import Configuration
import Foundation

#if canImport(Glibc)
    @preconcurrency import Glibc
#elseif canImport(Musl)
    @preconcurrency import Musl
#else
    @preconcurrency import Darwin
#endif

/// The environment variables of the process, as settings.
package enum ProcessEnvironment {
    /// A reader of settings in environment variables.
    package static func settings() -> SettingsReader {
        SettingsReader(
            ConfigReader(provider: EnvironmentVariablesProvider(environmentVariables: named(variables))))
    }

    /// The variables, with the proxy variables under their upper-case names too: most systems set `https_proxy` and
    /// `no_proxy` in lower case.
    static func named(_ variables: [String: String]) -> [String: String] {
        ["https_proxy", "no_proxy"].reduce(into: variables) { named, name in
            if let value = variables[name], named[name.uppercased()] == nil {
                named[name.uppercased()] = value
            }
        }
    }

    /// The environment variables of this process. Bytes that are not UTF-8 are replaced by U+FFFD, which
    /// `SettingsReader` rejects.
    ///
    /// `ProcessInfo.environment` is not used because it drops a variable whose value begins with a combining mark or a
    /// joiner: Foundation searches for `=` by `Character`, and `=` and such a mark form one `Character`.
    package static var variables: [String: String] {
        var found: [String: String] = [:]
        var next = environ
        while let entry = next.pointee {
            let text = String(cString: entry)
            if let equals = text.utf8.firstIndex(of: UInt8(ascii: "=")) {
                // If a name occurs twice, the first entry wins, as in getenv(3).
                let name = String(text[..<equals])
                if found[name] == nil { found[name] = String(text[text.utf8.index(after: equals)...]) }
            }
            next += 1
        }
        return found
    }

    /// The name of the executable that runs, without its folder.
    package static var program: String {
        CommandLine.arguments.first.map { URL(filePath: $0).lastPathComponent } ?? "worker"
    }

    /// The prefixes of this project's settings. `OTEL_` is not one of them: OpenTelemetry defines many variables for all
    /// programs of a host, and those that do not concern this program are not errors.
    private static let prefixes = [
        "ACCOUNT_", "SOCIALACCOUNT_", "ALLAUTH_", "HEADLESS_", "SIGNALS_", "BROKER_", "HTTP_", "STORE_",
        "MAIL_",
        "OUTBOX_", "INBOX_", "PASSWORD_", "SECRET_KEY", "METRICS_", "LOG_", "CSRF_", "SESSION_", "CONSUMER_",
        "PRE_SOCIAL_LOGIN_", "PAGES_", "DASHBOARD",
    ]
    /// Names of other programs that have one of these prefixes.
    private static let foreign: Set<String> = ["LOG_DIR", "HTTP_PROXY", "MAIL", "SESSION_MANAGER"]

    /// Variables that have a settings prefix and are not known: most likely misspelt settings.
    package static func unknownNames(
        known: Set<String>, in environment: [String: String] = variables
    ) -> [String] {
        environment.keys.filter { name in
            !known.contains(name) && !foreign.contains(name) && prefixes.contains { name.hasPrefix($0) }
        }.sorted()
    }
}
