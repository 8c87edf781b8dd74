// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthSQLiteStore
import AuthStore
import AuthTesting
import Foundation

extension FlowTable {
    static let users = FlowTable(
        title: "Administering users",
        rows: [
            Row("deactivate, deactivate again, activate, activate again") {
                let (world, id) = try await member()
                return [
                    try await signals(world) { _ = try await $0.deactivate(id) },
                    try await signals(world) { _ = try await $0.deactivate(id) },
                    try await signals(world) { _ = try await $0.activate(id) },
                    try await signals(world) { _ = try await $0.activate(id) },
                ]
            },
            Row("delete, delete again") {
                let (world, id) = try await member()
                return [
                    try await signals(world) { _ = try await $0.delete(id) },
                    try await signals(world) { _ = try await $0.delete(id) },
                ]
            },
            Row("end the sessions of a user with two, end them again") {
                let (world, id) = try await member()
                _ = try await world.client().logIn("a@x.org")
                return [
                    try await signals(world) { _ = try await $0.endSessions(of: id) },
                    try await signals(world) { _ = try await $0.endSessions(of: id) },
                ]
            },
            Row("confirm the address of a user, confirm it again") {
                let world = try World()
                _ = try await world.client().signUp("a@x.org")
                let id = try await world.user("a@x.org")?.id ?? UUID()
                return [
                    try await signals(world) { _ = try await $0.confirmEmail("a@x.org", of: id) },
                    try await signals(world) { _ = try await $0.confirmEmail("a@x.org", of: id) },
                ]
            },
            Row("import a user with a verified address, one with an unverified address, confirm the latter") {
                let world = try World()
                var (first, second) = (
                    ImportedUser(dateJoined: .distantPast), ImportedUser(dateJoined: .distantPast)
                )
                first.email = "a@x.org"
                first.isEmailVerified = true
                second.email = "b@x.org"
                let (verified, unverified) = (first, second)
                var said = [try await signals(world) { _ = try await $0.add(verified) }]
                said.append(try await signals(world) { _ = try await $0.add(unverified) })
                let id = try await world.user("b@x.org")?.id ?? UUID()
                said.append(try await signals(world) { _ = try await $0.confirmEmail("b@x.org", of: id) })
                return said
            },
        ])

    static let sessions = FlowTable(
        title: "Sessions",
        rows: [
            Row("used from another address, from the same one again, from the first one") {
                let world = try World()
                _ = try await world.member("a@x.org")
                let client = world.client(ip: "192.0.2.1")
                _ = try await client.logIn("a@x.org")
                let moved = world.client(ip: "192.0.2.2")
                moved.token = client.token
                var said: [[String]] = []
                for user in [moved, moved, client] {
                    _ = try await user.does { try await $0.sessions.current($1) }
                    said.append(
                        try await signals(world) { _ in
                            _ = try await world.accounts.sessions.writeSightings()
                        })
                }
                return said
            },
            Row("not used until it expires, then deleted") {
                let (world, _) = try await member()
                world.clock.advance(by: .seconds(world.accounts.settings.sessionAge + 1))
                return [
                    try await signals(world) { _ in _ = try await world.store.purgeExpiredSessions() }
                ]
            },
        ])

    /// A user with one session and a verified address.
    private static func member() async throws -> (World, User.ID) {
        let world = try World()
        _ = try await world.member("a@x.org")
        return (world, try await world.user("a@x.org")?.id ?? UUID())
    }

    /// The signals of a call.
    private static func signals(
        _ world: World, _ call: (Users) async throws -> Void
    ) async throws -> [String] {
        _ = try await world.everyNewSignal()
        try await call(world.accounts.users)
        return try await world.everyNewSignal().map(\.text)
    }
}
