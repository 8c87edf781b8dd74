// SPDX-License-Identifier: Apache-2.0
import AuthSignals
import Foundation
import Testing

@Suite struct TokenKeysTests {
    static let plain = String(repeating: "A", count: 43)
    static let padded = "//79/Pv6+fj39vX08/Lx8O/u7ezr6uno5+bl5OPi4eA="

    @Test func `the first key is used for sealing, and every key is found by its id`() throws {
        let keys = try TokenKeys(parsing: "2026-12:\(Self.plain), old_1.x:\(Self.padded)")
        #expect(keys.keys.map(\.id) == ["2026-12", "old_1.x"])
        #expect(keys.first.id == "2026-12")
        #expect(keys.first.exposedBytes == Data(count: 32))
        #expect(keys["old_1.x"]?.exposedBytes == Data(base64Encoded: Self.padded))
        #expect(keys["other"] == nil)
    }

    @Test func `base64 and base64url decode to the same key`() throws {
        let url = Self.padded.replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
        let both = try TokenKeys(parsing: "a:\(Self.padded),b:\(url)")
        #expect(both.keys[0].exposedBytes == both.keys[1].exposedBytes)
    }

    @Test(arguments: [
        (plain, "entry 1 must begin with a kid"), ("k1:\(plain),", "entry 2 must begin with a kid"),
        (":\(plain)", "entry 1 must begin with a kid"), ("k 1:\(plain)", "entry 1 must begin with a kid"),
        ("\(String(repeating: "k", count: 65)):\(plain)", "entry 1 must begin with a kid"),
        ("k1:", "32 bytes in base64 after 'k1:'"), ("k1:AAAA", "32 bytes in base64 after 'k1:'"),
        ("k1:\(plain)AA", "32 bytes in base64 after 'k1:'"),
        ("k1:hush-hush", "32 bytes in base64 after 'k1:'"),
        ("k1:\(plain),k1:\(padded)", "has two keys with the kid 'k1'"),
    ])
    func `reports a malformed setting without quoting key bytes`(text: String, says: String) {
        var reader = SettingsReader(["SIGNALS_TOKEN_KEYS": text])
        #expect(TokenKeys(reading: &reader) == nil)
        #expect(reader.faults.count == 1)
        #expect(reader.faults.first?.name == "SIGNALS_TOKEN_KEYS")
        #expect(reader.faults.first?.what.contains(says) == true, "\(reader.faults)")
        #expect(!"\(reader.faults)".contains(Self.plain) && !"\(reader.faults)".contains("hush-hush"))
    }

    @Test func `print, interpolation and dump do not show a key`() throws {
        let keys = try TokenKeys(parsing: "k1:\(Self.padded)")
        var shown = "\(keys) \(keys.first) \(String(reflecting: keys)) \(String(reflecting: keys.first))"
        dump(keys, to: &shown)
        dump([keys.first], to: &shown)
        #expect(shown.contains("k1"))
        #expect(!shown.contains("79/Pv6") && !shown.contains("32 bytes") && !shown.contains("254"))
    }

    @Test func `sending refresh tokens requires keys`() {
        var reader = SettingsReader(["SIGNALS_SOURCE": "https://a.example", "SIGNALS_TOKEN_REFRESH": "true"])
        _ = SignalSettings(reading: &reader)
        #expect(reader.faults.map(\.name) == ["SIGNALS_TOKEN_REFRESH"])
        reader = SettingsReader([
            "SIGNALS_SOURCE": "https://a.example", "SIGNALS_TOKEN_REFRESH": "true",
            "SIGNALS_TOKEN_KEYS": "k1:\(Self.plain)",
        ])
        let settings = SignalSettings(reading: &reader)
        #expect(reader.faults.isEmpty)
        #expect(settings.sendsRefreshTokens)
        #expect(settings.tokenKeys?.first.id == "k1")
    }
}
