// SPDX-License-Identifier: Apache-2.0
import AuthSignals
import Configuration
import Testing

@Suite struct SettingsReaderTests {
    private func reader(_ environment: [String: String]) -> SettingsReader {
        SettingsReader(
            ConfigReader(provider: EnvironmentVariablesProvider(environmentVariables: environment)))
    }

    static let names = [
        "HTTP_HOST", "HTTP_PORT", "STORE_URL", "BROKER_URL", "BROKER_EXCHANGE", "BROKER_MANAGEMENT_URL",
        "MAIL_URL", "MAIL_FROM", "SIGNALS_SOURCE", "SIGNALS_PAYLOAD", "SIGNALS_TOKEN_KEYS",
        "SIGNALS_TOKEN_REFRESH", "SIGNALS_APP_ID", "SIGNALS_SCHEMA_BASE", "SIGNALS_REQUIRED", "SECRET_KEY",
        "SECRET_KEY_FALLBACKS", "PUBLIC_URL", "PASSWORD_SCRYPT_COST", "PASSWORD_HASH_CONCURRENCY",
        "PASSWORD_HASH_QUEUE", "PASSWORD_HASH_WAIT", "OUTBOX_RETENTION", "SOCIALACCOUNT_PROVIDERS",
        "SOCIALACCOUNT_DUMMY",
        "HEADLESS_FRONTEND_URLS_ACCOUNT_CONFIRM_EMAIL", "LOG_LEVEL", "LOG_FORMAT", "METRICS_PORT",
        "INBOX_URL",
        "ACCOUNT_EMAIL_VERIFICATION", "ACCOUNT_LOGIN_BY_CODE_ENABLED", "ACCOUNT_RATE_LIMITS",
        "SOCIALACCOUNT_AUTO_SIGNUP", "ACCOUNT_LOGOUT_ON_PASSWORD_CHANGE",
    ]

    @Test(arguments: names)
    func `reads a setting from the environment variable of its name`(name: String) {
        var environment = reader([name: "of the environment"])
        #expect(environment.string(name) == "of the environment")
        var table = SettingsReader([name: "of a table"])
        #expect(table.string(name) == "of a table")
        var empty = reader([name: "", name + "_X": "another"])
        #expect(empty.string(name) == nil)
        #expect(empty.known == [name])
    }

    @Test func `parses typed values with white space around them`() throws {
        var reader = reader([
            "HTTP_PORT": " 9000\n", "A_FLAG": "True", "B_FLAG": "false", "A_TIME": "90", "A_LIST": "a, b,,c ",
            "A_CHOICE": "Thin",
        ])
        #expect(reader.int("HTTP_PORT", default: 8080, in: 0...65_535) == 9000)
        #expect(reader.bool("A_FLAG", default: false) == true)
        #expect(reader.bool("B_FLAG", default: true) == false)
        #expect(reader.seconds("A_TIME", default: .seconds(1)) == .seconds(90))
        #expect(reader.list("A_LIST", default: []) == ["a", "b", "c"])
        let choices: [String: PayloadProfile] = ["standard": .standard, "thin": .thin]
        #expect(reader.choice("A_CHOICE", default: .standard, choices) == .thin)
        try reader.check()
    }

    @Test(arguments: [" x\n", "x\r\n", "\tx ", "\u{A0}x\u{2028}", "x"])
    func `trims white space and line ends around a text, whatever its type`(text: String) throws {
        var reader = reader(["A_TEXT": text])
        #expect(reader.string("A_TEXT") == "x")
        #expect(reader.lines("A_TEXT") == "x")
        #expect(reader.name("A_TEXT") == "x")
        #expect(reader.list("A_TEXT", default: []) == ["x"])
        #expect(reader.value("A_TEXT", default: "", "a text") { $0 } == "x")
        try reader.check()
        #expect(reader.warnings.isEmpty)
    }

    @Test(arguments: [" ", "\n", " \r\n\t"])
    func `treats a blank text as absent`(text: String) throws {
        var reader = reader(["A_TEXT": text])
        #expect(reader.string("A_TEXT") == nil)
        #expect(reader.list("A_TEXT", default: ["x"]) == ["x"])
        #expect(reader.int("A_TEXT", default: 3, in: 0...9) == 3)
        try reader.check()
    }

    @Test func `keeps spaces around a spaced string but not line ends`() throws {
        var reader = reader(["A_TEXT": " Ex: \r\n"])
        #expect(reader.spacedString("A_TEXT") == " Ex: ")
        try reader.check()
    }

    @Test(arguments: ["a\nb", "a\rb", "a\tb", "a\u{7F}b", "a\u{85}b", "a\u{2028}b"])
    func `rejects a control character within a one-line text`(text: String) {
        let what = "A_TEXT must not contain line ends or other control characters"
        for read in [
            { _ = $0.string("A_TEXT") }, { _ = $0.name("A_TEXT") }, { _ = $0.spacedString("A_TEXT") },
            { _ = $0.list("A_TEXT", default: []) },
        ] as [(inout SettingsReader) -> Void] {
            var reader = reader(["A_TEXT": text])
            read(&reader)
            #expect(reader.faults.map(\.description) == [what])
        }
        var reader = reader(["A_TEXT": text])
        #expect(reader.lines("A_TEXT") == text)
        #expect(reader.faults.isEmpty)
    }

    @Test func `reads a list on several lines`() throws {
        var reader = reader(["A_LIST": "a,\n b,\n\u{301}c\n"])
        #expect(
            reader.list("A_LIST", default: []).map { Array($0.utf8) }
                == ["a", "b", "\u{301}c"].map { Array($0.utf8) })
        try reader.check()
    }

    @Test(arguments: ["\u{200D}Acme", "\u{301}Acme", "\u{FE0F}"])
    func `keeps a combining mark or a joiner at the start of a text`(text: String) throws {
        var reader = reader(["A_TEXT": text])
        #expect(reader.string("A_TEXT").map { Array($0.utf8) } == Array(text.utf8))
        try reader.check()
    }

    @Test(arguments: ["\"x\"", "'x'", " \"x\"\n", "\"\"", "\"a\",\"b\""])
    func `warns once about a quoted text and rejects it as a name`(text: String) {
        var reader = reader(["A_TEXT": text])
        #expect(reader.string("A_TEXT")?.isEmpty == false)
        _ = reader.lines("A_TEXT")
        #expect(reader.faults.isEmpty)
        #expect(reader.warnings.map(\.name) == ["A_TEXT"])
        #expect(reader.warnings.first?.what.contains("x") == false)
        _ = reader.name("A_TEXT")
        #expect(
            reader.faults.map(\.description)
                == ["A_TEXT must not be in quotes, which would be part of the name"])
    }

    @Test(arguments: ["\"", "'", "\"x", "x'", "\"x'", "it's", "x"])
    func `does not warn about a text that is not quoted`(text: String) {
        var reader = reader(["A_TEXT": text])
        _ = reader.name("A_TEXT")
        #expect(reader.faults.isEmpty)
        #expect(reader.warnings.isEmpty)
    }

    @Test func `rejects a text that was not UTF-8`() {
        var reader = reader(["A_TEXT": "Caf\u{FFFD}"])
        _ = reader.string("A_TEXT")
        #expect(reader.faults.map(\.description) == ["A_TEXT must be text in UTF-8"])
    }

    @Test func `an absent or empty setting has exactly its default`() throws {
        var reader = reader(["HTTP_PORT": ""])
        #expect(reader.int("HTTP_PORT", default: 8080, in: 0...65_535) == 8080)
        #expect(reader.bool("A_FLAG", default: true) == true)
        #expect(reader.seconds("A_TIME", default: .milliseconds(250)) == .milliseconds(250))
        #expect(reader.list("A_LIST", default: ["x"]) == ["x"])
        try reader.check()
    }

    @Test(arguments: ["abc", "80a", "8 0", "0x50", "1e3", "-1", "65536", "99999999999999999999", "８０"])
    func `reports a malformed HTTP_PORT instead of using the default`(text: String) {
        var reader = reader(["HTTP_PORT": text])
        _ = reader.int("HTTP_PORT", default: 8080, in: 0...65_535)
        #expect(
            reader.faults.map(\.description) == ["HTTP_PORT must be a whole number from 0 to 65535"])
        #expect(throws: SettingFaults.self) { try reader.check() }
    }

    @Test func `reports all faults together, each once, in the order of reading`() {
        var reader = reader([
            "HTTP_PORT": "abc", "ACCOUNT_SIGNUP": "maybe", "ACCOUNT_TIME": "soon", "SIGNALS_PAYLOAD": "fat",
            "SIGNALS_SOURCE": "here",
        ])
        _ = reader.int("HTTP_PORT", default: 8080, in: 0...65_535)
        _ = reader.int("HTTP_PORT", default: 8080, in: 0...65_535)
        _ = reader.bool("ACCOUNT_SIGNUP", default: true)
        _ = reader.seconds("ACCOUNT_TIME", default: .seconds(5), in: 1...60)
        _ = reader.choice("SIGNALS_PAYLOAD", default: 0, ["thin": 1, "standard": 0])
        reader.fault("SIGNALS_SOURCE", "must be an absolute URI")
        #expect {
            try reader.check()
        } throws: {
            "\($0)" == "HTTP_PORT must be a whole number from 0 to 65535; "
                + "ACCOUNT_SIGNUP must be true or false; "
                + "ACCOUNT_TIME must be a whole number of seconds from 1 to 60; "
                + "SIGNALS_PAYLOAD must be one of standard, thin; "
                + "SIGNALS_SOURCE must be an absolute URI"
        }
    }

    @Test func `neither a fault nor the access log shows a value`() throws {
        let log = AccessRecorder()
        let secret = "hunter2"
        var reader = SettingsReader(
            ConfigReader(
                provider: EnvironmentVariablesProvider(environmentVariables: [
                    "BROKER_URL": secret, "HTTP_PORT": secret, "ACCOUNT_X": secret, "Y_TIME": secret,
                    "Z_CHOICE": secret,
                ]), accessReporter: log))
        _ = reader.value("BROKER_URL", default: 0, "an amqp URL") { _ in nil }
        _ = reader.int("HTTP_PORT", default: 0, in: 0...1)
        _ = reader.bool("ACCOUNT_X", default: true)
        _ = reader.seconds("Y_TIME", default: .zero)
        _ = reader.choice("Z_CHOICE", default: 0, ["a": 1])
        #expect(reader.faults.count == 5)
        #expect {
            try reader.check()
        } throws: { error in
            !"\(error)".contains(secret) && !String(reflecting: error).contains(secret)
        }
        let values = log.events.compactMap { try? $0.result.get() }
        #expect(values.count == 5)
        #expect(values.allSatisfy { $0.isSecret })
    }

    @Test func `reads values of a provider with typed values`() throws {
        var reader = SettingsReader(
            ConfigReader(
                provider: InMemoryProvider(values: [
                    "http.port": 9000, "account.flag": true,
                    "a.list": .init(.stringArray(["a", "b"]), isSecret: false),
                    "signals.source": "https://a.example",
                ])))
        #expect(reader.int("HTTP_PORT", default: 8080, in: 0...65_535) == 9000)
        #expect(reader.bool("ACCOUNT_FLAG", default: false) == true)
        #expect(reader.list("A_LIST", default: []) == ["a", "b"])
        #expect(reader.string("SIGNALS_SOURCE") == "https://a.example")
        try reader.check()
    }
}
