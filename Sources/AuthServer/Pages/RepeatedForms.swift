// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import Foundation

/// Forms that were sent a moment ago, so that a form that is sent twice is handled once.
///
/// A user who presses a button twice waits for the second answer: the browser drops the first one with its cookies.
/// Without this, the answer to a sign-up would be that the address is taken, although the user has just taken it. The
/// second form gets the first one's page and session. Forms are known by an HMAC of the session cookie, the path and
/// all fields, so that only the same browser with the same password gets that answer.
///
/// It is kept in memory. If two processes handle the two forms, the second one is handled like any other.
actor RepeatedForms {
    private struct Entry {
        let id: Int
        let page: Task<Page, any Error>
        let forgottenAt: ContinuousClock.Instant
    }

    /// How long after it was sent a form is known.
    static let duration = Duration.seconds(10)
    /// The maximum number of forms. Further ones are handled without being remembered.
    static let limit = 1000

    private var entries: [Data: Entry] = [:]
    private var lastID = 0

    /// The page that the handler returns, or has returned to the same form. Only a redirect is returned again: any other
    /// page means that nothing was done.
    func page(
        for form: Data, _ handle: @escaping @Sendable () async throws -> Page
    ) async throws -> Page {
        let now = ContinuousClock.now
        entries = entries.filter { $0.value.forgottenAt > now }
        if let earlier = entries[form] {
            if case .success(let page) = await earlier.page.result, page.location != nil { return page }
            if entries[form]?.id == earlier.id { entries[form] = nil }
        }
        guard entries.count < Self.limit else { return try await handle() }
        lastID += 1
        let id = lastID
        // Not cancelled with the first request, because the second one may wait for it.
        let page = Task { try await handle() }
        entries[form] = Entry(id: id, page: page, forgottenAt: now + Self.duration)
        let result = await page.result
        // A form that was refused is forgotten at once, so that refused ones do not take the places of others.
        if (try? result.get())?.location == nil, entries[form]?.id == id { entries[form] = nil }
        return try result.get()
    }
}

extension KeyRing.Purpose {
    /// Recognizes a form that is sent twice.
    static let repeatedForm = KeyRing.Purpose("repeated-form")
}
