// SPDX-License-Identifier: Apache-2.0
import AuthSignals
import Foundation
import Testing

@Suite struct StringCutTests {
    @Test(arguments: ["abcdef", "aäb€c😀d", "😀😀", "e\u{301}\u{302}x", "👩‍👩‍👧‍👦", "\r\n\r\n", ""])
    func `cuts a text to the longest prefix of whole code points that fits`(text: String) {
        for limit in 0...(text.utf8.count + 2) {
            var expected = ""
            for scalar in text.unicodeScalars {
                let longer = String(String.UnicodeScalarView(expected.unicodeScalars + [scalar]))
                if longer.utf8.count > limit { break }
                expected = longer
            }
            #expect(Array(text.cut(toUTF8Bytes: limit).utf8) == Array(expected.utf8), "limit \(limit)")
        }
    }

    @Test func `cuts a user agent to 512 bytes when it is passed in and when it is set later`() throws {
        var request = SignalRequest(userAgent: String(repeating: "é", count: 400))
        #expect(request.userAgent == String(repeating: "é", count: 256))
        request.userAgent = "x" + String(repeating: "é", count: 400)
        let written = try SignalCodec.decoder().decode(
            SignalRequest.self, from: SignalCodec.encoder().encode(request))
        #expect(written.userAgent == "x" + String(repeating: "é", count: 255))
    }

    @Test func `cuts user input to 254 bytes`() throws {
        let long = String(repeating: "€", count: 200)
        let signal = AuthenticationStepCompleted(
            request: SignalRequest(), user: SampleSignals.user, method: .password, email: long,
            username: long)
        #expect(signal.email == String(repeating: "€", count: 84))
        #expect(signal.username == String(repeating: "€", count: 84))
    }
}
