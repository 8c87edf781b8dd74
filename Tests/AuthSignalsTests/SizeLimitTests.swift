// SPDX-License-Identifier: Apache-2.0
import AuthSignals
import Foundation
import Testing

@Suite struct SizeLimitTests {
    private func signal(extraData: JSONValue, reason: String? = nil) -> PreSocialLogin {
        var sociallogin = SampleSignals.sociallogin
        sociallogin.extraData = extraData
        return PreSocialLogin(
            request: SampleSignals.request, user: SampleSignals.user, sociallogin: sociallogin,
            outcome: .proceeded, reason: reason)
    }

    private func written(_ signal: PreSocialLogin) throws -> (size: Int, extraData: JSONValue?) {
        let body = try SampleSignals.message(of: signal).body
        let data = try SignalCodec.event(from: body).json()
        return (body.count, data["sociallogin"]?["extra_data"])
    }

    private func text(_ kilobytes: Double) -> JSONValue {
        .string(String(repeating: "x", count: Int(kilobytes * 1024)))
    }

    @Test func `does not change a profile that fits`() throws {
        let profile: JSONValue = ["a": text(30), "b": text(30)]
        #expect(try written(signal(extraData: profile)).extraData == profile)
    }

    @Test func `removes the largest members first and only as many as necessary`() throws {
        let result = try written(signal(extraData: ["a": text(20), "b": text(40), "c": text(20), "d": 1]))
        #expect(result.extraData == ["a": text(20), "c": text(20), "d": 1, "truncated": true])
        #expect(result.size <= SignalCodec.largestBody)
    }

    @Test func `removes members of equal size in the order of their names`() throws {
        let result = try written(signal(extraData: ["b": text(25), "c": text(25), "a": text(25)]))
        #expect(result.extraData == ["b": text(25), "c": text(25), "truncated": true])
    }

    @Test func `the size of a member includes its name and nested values`() throws {
        let long = String(repeating: "k", count: 35 * 1024)
        let result = try written(signal(extraData: [long: 1, "b": [text(17), text(17)], "c": text(10)]))
        #expect(result.extraData == ["b": [text(17), text(17)], "c": text(10), "truncated": true])
    }

    @Test func `a profile without a member that fits has only the member truncated`() throws {
        let result = try written(signal(extraData: ["only": text(70)]))
        #expect(result.extraData == ["truncated": true])
    }

    @Test func `overwrites a provider's own member truncated only if something was removed`() throws {
        #expect(try written(signal(extraData: ["truncated": "x"])).extraData == ["truncated": "x"])
        let cut = try written(signal(extraData: ["truncated": "x", "a": text(70)]))
        #expect(cut.extraData == ["truncated": true])
    }

    @Test func `the body stays within the limit for every size around it`() throws {
        let empty = try written(signal(extraData: ["a": "", "b": "y"])).size
        for length in (SignalCodec.largestBody - empty - 3)...(SignalCodec.largestBody - empty + 40) {
            let profile: JSONValue = ["a": .string(String(repeating: "x", count: length)), "b": "y"]
            let result = try written(signal(extraData: profile))
            #expect(result.size <= SignalCodec.largestBody)
            let fits = empty + length <= SignalCodec.largestBody
            #expect(result.extraData == (fits ? profile : ["b": "y", "truncated": true]))
        }
    }

    @Test func `truncates the profile of a stored account like that of a log-in`() throws {
        let signal = SocialAccountRemoved(
            request: SampleSignals.request, user: SampleSignals.user,
            socialaccount: SocialAccountSnapshot(
                id: "1", provider: "example", uid: "2", dateJoined: SampleSignals.time, lastLogin: nil,
                extraData: ["a": text(70), "b": 1]))
        let data = try SignalCodec.event(from: SampleSignals.message(of: signal).body).json()
        #expect(data["socialaccount"]?["extra_data"] == ["b": 1, "truncated": true])
    }

    @Test func `truncates the same profile in the same way every time`() throws {
        let members = (0..<200).map { ("member\($0)", text(Double($0 % 7) / 4)) }
        let profile = JSONValue.object(Dictionary(uniqueKeysWithValues: members))
        let first = try SampleSignals.message(of: signal(extraData: profile)).body
        for _ in 0..<5 {
            #expect(try SampleSignals.message(of: signal(extraData: profile)).body == first)
        }
    }

    @Test func `throws an error that does not quote the signal if it is still too large`() {
        #expect {
            _ = try written(
                signal(extraData: ["a": text(10)], reason: String(repeating: "secret", count: 20_000)))
        } throws: { error in
            (error as? SignalError)?.code == .tooLarge && !"\(error)".contains("secret")
        }
        #expect {
            _ = try written(signal(extraData: text(70)))
        } throws: {
            ($0 as? SignalError)?.code == .tooLarge
        }
    }

    @Test func `the limit holds for every sequence number`() throws {
        let empty = try written(signal(extraData: ["a": ""])).size
        let full = SignalCodec.largestBody - empty
        let signal = signal(extraData: ["a": .string(String(repeating: "x", count: full))])
        let row = try SampleSignals.row(of: signal, sequence: .max)
        #expect(SampleSignals.codec().message(for: row).body.count == SignalCodec.largestBody)
    }
}
