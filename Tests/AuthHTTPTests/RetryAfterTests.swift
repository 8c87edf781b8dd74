// SPDX-License-Identifier: Apache-2.0
import AuthHTTP
import Foundation
import Testing

@Suite struct RetryAfterTests {
    @Test func `reads Retry-After as seconds or as a date, at most a day`() {
        let now = Date(timeIntervalSince1970: 784_111_777)  // Sun, 06 Nov 1994 08:49:37 GMT
        #expect(RetryAfter.delay("120", at: now) == .seconds(120))
        #expect(RetryAfter.delay("Sun, 06 Nov 1994 08:50:37 GMT", at: now) == .seconds(60))
        #expect(RetryAfter.delay("Sun, 06 Nov 1994 08:00:00 GMT", at: now) == .seconds(0))
        #expect(RetryAfter.delay("999999999", at: now) == .seconds(86_400))
        #expect(RetryAfter.delay("-1", at: now) == nil)
        #expect(RetryAfter.delay("soon", at: now) == nil)
    }
}
