// SPDX-License-Identifier: Apache-2.0
import AuthTesting
import Foundation
import Testing

@testable import AuthServer

@Suite("Repeated forms")
struct RepeatedFormsTests {
    private let calls = Locked(0)

    private func send(_ form: String, to forms: RepeatedForms, location: String?) async throws -> Page {
        let calls = calls
        return try await forms.page(for: Data(form.utf8)) {
            calls.change { $0 += 1 }
            var page = Page(title: .logIn)
            page.location = location
            return page
        }
    }

    @Test func `a form that led to another page is handled once`() async throws {
        let forms = RepeatedForms()
        for _ in 1...2 { #expect(try await send("a", to: forms, location: "/a").location == "/a") }
        #expect(calls.value == 1)
        #expect(try await send("b", to: forms, location: "/b").location == "/b")
        #expect(calls.value == 2)
    }

    @Test func `refused forms do not take the places of others`() async throws {
        let forms = RepeatedForms()
        for number in 1...RepeatedForms.limit { _ = try await send("\(number)", to: forms, location: nil) }
        calls.change { $0 = 0 }
        for _ in 1...2 { _ = try await send("a", to: forms, location: "/a") }
        #expect(calls.value == 1)
    }
}
