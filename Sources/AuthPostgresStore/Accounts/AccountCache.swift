// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthSignals
import Foundation

/// What a transaction has read, with its own changes applied. It is exact, because what was read is locked until the
/// transaction ends.
///
/// What does not exist is not kept: it has no row that could be locked.
struct AccountCache {
    /// A user's address with its place in the order in which addresses were added.
    struct Placed {
        var position: Int64
        var address: EmailAddress
    }

    private(set) var users: [User.ID: User] = [:]
    private(set) var sessions: [Data: Session] = [:]
    private var addresses: [User.ID: [Placed]] = [:]
    /// The users who have an address, by the bytes of its key.
    private var owners: [Data: Set<User.ID>] = [:]
    /// The users whose row is locked.
    private var lockedUsers: Set<User.ID> = []
    /// The keys of addresses that are locked.
    private var lockedKeys: Set<Data> = []
    /// The place of the next inserted address: behind all stored ones.
    private var nextPosition = Int64.max - 1_000_000

    static func key(_ key: String) -> Data { Data(key.utf8) }

    // MARK: Users

    mutating func set(_ user: User) {
        users[user.id] = user.stored
        lockedUsers.insert(user.id)
    }

    /// A user who was read together with all of their addresses.
    mutating func set(_ user: User, with placed: [Placed]) {
        set(user)
        addresses[user.id] = placed
    }

    func isLocked(_ user: User.ID) -> Bool { lockedUsers.contains(user) }

    mutating func lock(_ user: User.ID) { lockedUsers.insert(user) }

    mutating func remove(_ user: User.ID) {
        users[user] = nil
        addresses[user] = nil
        owners = owners.mapValues { $0.subtracting([user]) }
        sessions = sessions.filter { $0.value.userID != user }
    }

    // MARK: Addresses

    /// The user's addresses, the primary first; nil if they were not read.
    func emailAddresses(of user: User.ID) -> [EmailAddress]? {
        addresses[user]?.sorted {
            ($0.address.primary ? 0 : 1, $0.position) < ($1.address.primary ? 0 : 1, $1.position)
        }
        .map(\.address)
    }

    /// The key that an address has now; nil if the address was not read.
    func key(of address: EmailAddress) -> Data? {
        addresses[address.userID]?.first { $0.address.id == address.id }.map { Self.key($0.address.key) }
    }

    func isLocked(key: Data) -> Bool { lockedKeys.contains(key) }

    mutating func lock(key: Data) { lockedKeys.insert(key) }

    /// The users who have an address; all of them must have been read with their addresses.
    mutating func setOwners(_ users: [User.ID], of key: Data) { owners[key] = Set(users) }

    /// The rows of an address, the verified ones first; nil if they were not read.
    func emailAddresses(matching key: Data) -> [EmailAddress]? {
        guard let owners = owners[key] else { return nil }
        var found: [Placed] = []
        for owner in owners {
            guard let all = addresses[owner] else { return nil }
            found += all.filter { Self.key($0.address.key) == key }
        }
        return found.sorted {
            ($0.address.verified ? 0 : 1, $0.position) < ($1.address.verified ? 0 : 1, $1.position)
        }.map(\.address)
    }

    /// Begins the addresses of a user who was inserted.
    mutating func begin(_ user: User) { set(user, with: []) }

    mutating func insert(_ address: EmailAddress) {
        nextPosition += 1
        addresses[address.userID]?.append(Placed(position: nextPosition, address: address))
        owners[Self.key(address.key)]?.insert(address.userID)
    }

    mutating func update(_ address: EmailAddress) {
        guard let index = addresses[address.userID]?.firstIndex(where: { $0.address.id == address.id }) else {
            // It was not read, or it had another owner.
            addresses = [:]
            owners = [:]
            return
        }
        addresses[address.userID]?[index].address = address
        owners[Self.key(address.key)]?.insert(address.userID)
    }

    mutating func delete(_ address: EmailAddress) {
        for user in addresses.keys { addresses[user]?.removeAll { $0.address.id == address.id } }
    }

    // MARK: Sessions

    mutating func set(_ session: Session) {
        remove(session: session.id)
        sessions[session.tokenHash] = session.stored
    }

    func isKnown(session id: Session.ID) -> Bool { sessions.values.contains { $0.id == id } }

    mutating func remove(session id: Session.ID) { sessions = sessions.filter { $0.value.id != id } }

    mutating func removeSessions(of user: User.ID, except kept: Session.ID?) {
        sessions = sessions.filter { $0.value.userID != user || $0.value.id == kept }
    }

    mutating func removeSessions(expiredAt now: Date) {
        sessions = sessions.filter { $0.value.expiresAt > now }
    }

    mutating func markSeen(_ id: Session.ID, at time: Date) {
        for (key, session) in sessions where session.id == id && session.lastSeenAt < time {
            sessions[key]?.lastSeenAt = time
        }
    }
}
