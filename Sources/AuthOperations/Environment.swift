// SPDX-License-Identifier: Apache-2.0
public import AuthSignals
import Configuration
import Foundation

#if canImport(Glibc)
    @preconcurrency import Glibc
#elseif canImport(Musl)
    @preconcurrency import Musl
#else
    @preconcurrency import Darwin
#endif

/// The environment of the process, as settings.
public enum Environment {
    /// A reader of the environment's settings.
    public static func settings() -> SettingsReader {
        SettingsReader(
            ConfigReader(provider: EnvironmentVariablesProvider(environmentVariables: named(variables))))
    }

    /// The variables, with those of proxies under the names of settings: most systems write them in lower case.
    static func named(_ variables: [String: String]) -> [String: String] {
        ["https_proxy", "no_proxy"].reduce(into: variables) { named, name in
            if let value = variables[name], named[name.uppercased()] == nil {
                named[name.uppercased()] = value
            }
        }
    }

    /// The variables of this process. Bytes that are not UTF-8 are replaced by U+FFFD, which a reader of settings
    /// refuses.
    ///
    /// Foundation has no variable whose value begins with a combining mark or a joiner: it looks for an `=` among
    /// characters, and such a mark makes one of the two.
    public static var variables: [String: String] {
        var found: [String: String] = [:]
        var next = environ
        while let entry = next.pointee {
            let text = String(cString: entry)
            if let equals = text.utf8.firstIndex(of: UInt8(ascii: "=")) {
                // Of a name that comes twice getenv(3) has the first.
                let name = String(text[..<equals])
                if found[name] == nil { found[name] = String(text[text.utf8.index(after: equals)...]) }
            }
            next += 1
        }
        return found
    }

    /// What the names of our settings begin with.
    private static let prefixes = [
        "ACCOUNT_", "SOCIALACCOUNT_", "ALLAUTH_", "HEADLESS_", "SIGNALS_", "BROKER_", "HTTP_", "STORE_",
        "MAIL_",
        "OUTBOX_", "INBOX_", "PASSWORD_", "SECRET_KEY", "METRICS_", "LOG_", "CSRF_", "SESSION_", "CONSUMER_",
        "PRE_SOCIAL_LOGIN_",
    ]
    /// Names with one of our prefixes that belong to others.
    private static let foreign: Set<String> = ["LOG_DIR", "HTTP_PROXY", "MAIL", "SESSION_MANAGER"]

    /// The variables that look like settings of ours and are none: a slip of the pen, most likely.
    public static func unknownNames(
        known: Set<String>, in environment: [String: String] = variables
    ) -> [String] {
        environment.keys.filter { name in
            !known.contains(name) && !foreign.contains(name) && prefixes.contains { name.hasPrefix($0) }
        }.sorted()
    }
}
