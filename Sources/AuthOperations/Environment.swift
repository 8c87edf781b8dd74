// SPDX-License-Identifier: Apache-2.0
public import AuthSignals
import Configuration
public import Foundation

/// The environment of the process, as settings.
public enum Environment {
    /// A reader of the environment's settings.
    public static func settings() -> SettingsReader {
        let variables = named(ProcessInfo.processInfo.environment)
        return SettingsReader(
            ConfigReader(provider: EnvironmentVariablesProvider(environmentVariables: variables)))
    }

    /// The variables, with those of proxies under the names of settings: most systems write them in lower case.
    static func named(_ variables: [String: String]) -> [String: String] {
        ["https_proxy", "no_proxy"].reduce(into: variables) { named, name in
            if let value = variables[name], named[name.uppercased()] == nil {
                named[name.uppercased()] = value
            }
        }
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
        known: Set<String>, in environment: [String: String] = ProcessInfo.processInfo.environment
    ) -> [String] {
        environment.keys.filter { name in
            !known.contains(name) && !foreign.contains(name) && prefixes.contains { name.hasPrefix($0) }
        }.sorted()
    }
}
