// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import Foundation
import Testing

@Suite struct Base64URLTests {
    @Test func `decoding returns the encoded bytes`() {
        for count in 0..<40 {
            let bytes = Data.random(count: count)
            #expect(Data(base64URL: bytes.base64URL) == bytes)
        }
    }

    @Test(arguments: ["QQ==", "QQ=", "Q+", "Q/", "Q Q", "QQé", "QR", "QUF"])
    func `rejects every non-canonical encoding`(text: String) {
        #expect(Data(base64URL: text) == nil)
    }
}
