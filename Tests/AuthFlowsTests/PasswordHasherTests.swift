// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthTesting
import Foundation
import Testing

@Suite struct PasswordHasherTests {
    private let hasher = PasswordHasher(cost: .init(n: 1024))

    @Test func `a hash is right for its password only and says its cost`() async throws {
        let hash = try await hasher.hash(Password("lètmein"))
        #expect(hash.exposedText.hasPrefix("scrypt$1024$"))
        #expect(try await hasher.verify(Password("lètmein"), hash) == .right(outdated: false))
        #expect(try await hasher.verify(Password("letmein"), hash) == .wrong)
        #expect(try await hasher.verify(Password(""), hash) == .wrong)
        #expect(try await hasher.hash(Password("lètmein")) != hash)
    }

    @Test func `nobody's password is wrong`() async throws {
        #expect(try await hasher.verify(Password("x"), nil) == .wrong)
    }

    /// Made by Django 5.2 and by Python's hashlib.
    @Test(
        arguments: [
            "scrypt$16384$seasalt$8$1$Qj3+9PPyRjSJIebHnG81TMjsqtaIGxNQG/aEB/NYafTJ7tibgfYz71m0ldQESkXFRkdVCBhhY8mx7rQwite/Pw==",
            "scrypt$64$seasalt$8$5$7I2gYX3rnsZrnOP0F/XtoS3EL9F1HvIHoCw5OUblFn8l2SFoEFeR3Ko0A4OA7A2I/v1452w6jplLqwaSzDjpCA==",
            "pbkdf2_sha256$1000$seasalt$JgZryXe2Ga8ysg6XbzkLpTdyPQrHqsinbL9BnnhgX4A=",
        ])
    func `Django's hashes are understood and are to be made anew`(_ stored: String) async throws {
        let hash = PasswordHash(stored: stored)
        #expect(try await hasher.verify(Password("lètmein"), hash) == .right(outdated: true))
        #expect(try await hasher.verify(Password("letmein"), hash) == .wrong)
    }

    @Test(
        arguments: [
            "", "!", "scrypt", "scrypt$$$$$", "scrypt$x$y$z$a$b", "pbkdf2_sha256$", "pbkdf2_sha256$x$y$z",
            // What would take a machine all its memory or a day: refused before it is begun.
            "scrypt$1073741824$salt$8$1$Qj3+9PPyRjSJIebHnG81TMjsqtaIGxNQG/aEB/NYafTJ7tibgfYz71m0ldQESkXFRkdVCBhhY8mx7rQwite/Pw==",
            "scrypt$262144$salt$16$1$Qj3+9PPyRjSJIebHnG81TMjsqtaIGxNQG/aEB/NYafTJ7tibgfYz71m0ldQESkXFRkdVCBhhY8mx7rQwite/Pw==",
            "scrypt$16384$salt$8$1000$Qj3+9PPyRjSJIebHnG81TMjsqtaIGxNQG/aEB/NYafTJ7tibgfYz71m0ldQESkXFRkdVCBhhY8mx7rQwite/Pw==",
            "scrypt$16383$salt$8$1$Qj3+9PPyRjSJIebHnG81TMjsqtaIGxNQG/aEB/NYafTJ7tibgfYz71m0ldQESkXFRkdVCBhhY8mx7rQwite/Pw==",
            "scrypt$-16384$salt$8$1$Qj3+9PPyRjSJIebHnG81TMjsqtaIGxNQG/aEB/NYafTJ7tibgfYz71m0ldQESkXFRkdVCBhhY8mx7rQwite/Pw==",
            "pbkdf2_sha256$9223372036854775807$seasalt$JgZryXe2Ga8ysg6XbzkLpTdyPQrHqsinbL9BnnhgX4A=",
            "pbkdf2_sha256$0$seasalt$JgZryXe2Ga8ysg6XbzkLpTdyPQrHqsinbL9BnnhgX4A=",
            "argon2$argon2id$v=19$m=102400,t=2,p=8$c2FsdA$aGFzaA",
        ])
    func `a stored text that is no hash, or asks for too much, is nobody's password`(_ stored: String)
        async throws
    {
        #expect(try await hasher.verify(Password("lètmein"), PasswordHash(stored: stored)) == .wrong)
    }

    @Test func `an application's own scheme is asked`() async throws {
        struct Reversed: PasswordScheme {
            func recognizes(_ hash: PasswordHash) -> Bool { hash.exposedText.hasPrefix("reversed$") }
            func verify(_ password: Password, _ hash: PasswordHash) -> Bool {
                hash.exposedText == "reversed$" + String(password.exposedText.reversed())
            }
        }
        let hasher = PasswordHasher(cost: .init(n: 16), schemes: [Reversed()])
        let hash = PasswordHash(stored: "reversed$nietmel")
        #expect(try await hasher.verify(Password("lemtein"), hash) == .right(outdated: true))
        #expect(try await hasher.verify(Password("letmein"), hash) == .wrong)
    }

    @Test func `beyond the queue a password is turned away, and let in again later`() async throws {
        let door = Door()
        let hasher = PasswordHasher(cost: .init(n: 16), concurrency: 1, queueLimit: 1, schemes: [door])
        let first = Task { try await hasher.verify(Password("x"), Door.hash) }
        try await door.waitUntilEntered()
        let second = Task { try await hasher.hash(Password("x")) }
        try await eventually("the second waited") { hasher.waitingCount == 1 }
        await #expect(throws: PasswordHasherError.self) { try await hasher.hash(Password("x")) }
        door.open()
        #expect(try await first.value.isRight)
        _ = try await second.value
        _ = try await hasher.hash(Password("x"))
    }

    @Test func `who is cancelled leaves the queue`() async throws {
        let door = Door()
        let hasher = PasswordHasher(cost: .init(n: 16), concurrency: 1, queueLimit: 1, schemes: [door])
        let first = Task { try await hasher.verify(Password("x"), Door.hash) }
        try await door.waitUntilEntered()
        let second = Task { try await hasher.hash(Password("x")) }
        try await eventually("the second waited") { hasher.waitingCount == 1 }
        second.cancel()
        await #expect(throws: CancellationError.self) { try await second.value }
        #expect(hasher.waitingCount == 0)
        // Its place in the queue is free again.
        let third = Task { try await hasher.hash(Password("x")) }
        try await eventually("the third waited") { hasher.waitingCount == 1 }
        door.open()
        #expect(try await first.value.isRight)
        _ = try await third.value
    }

    @Test func `no more are hashed at once than there are places`() async throws {
        let door = Door()
        let hasher = PasswordHasher(cost: .init(n: 16), concurrency: 2, queueLimit: 8, schemes: [door])
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<6 { group.addTask { _ = try await hasher.verify(Password("x"), Door.hash) } }
            try await door.waitUntilEntered(2)
            try await eventually("four waited") { hasher.waitingCount == 4 }
            for _ in 0..<6 { door.open() }
            try await group.waitForAll()
        }
        #expect(hasher.waitingCount == 0)
    }

    @Test func `printing a secret shows nothing of it`() {
        for secret: any Secret in [
            Password("marked"), PasswordHash(stored: "marked"), Code("marked"), LinkKey("marked"),
            SessionToken("marked"),
        ] {
            #expect(!"\(secret)".contains("marked"))
            #expect(!String(reflecting: secret).contains("marked"))
            var dumped = ""
            dump(secret, to: &dumped)
            #expect(!dumped.contains("marked"))
        }
    }
}
