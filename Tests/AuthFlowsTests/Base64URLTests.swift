// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import Foundation
import Testing

@Suite struct Base64URLTests {
    @Test func `what is written is read again`() {
        for count in 0..<40 {
            let bytes = Data.random(count: count)
            #expect(Data(base64URL: bytes.base64URL) == bytes)
        }
    }

    @Test(arguments: ["QQ==", "QQ=", "Q+", "Q/", "Q Q", "QQé"])
    func `one value has one text`(text: String) {
        #expect(Data(base64URL: text) == nil)
    }
}
