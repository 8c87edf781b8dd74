// SPDX-License-Identifier: Apache-2.0
import AuthSignals
import Foundation

/// The key of a link in a mail. It contains the id of an address row and a time, and signs them together with the
/// purpose and further values, such as the user and the address. It is not bound to a session. A new row needs a new
/// link.
struct SignedKey {
    var id: UUID
    var time: Date
    private var code: Data

    /// Makes a signed key.
    init(
        _ purpose: KeyRing.Purpose, id: UUID, time: Date, binding: [String], keys: KeyRing
    ) {
        self.id = id
        self.time = Date(timeIntervalSince1970: time.timeIntervalSince1970.rounded(.down))
        code = Data()
        code = keys.authenticationCode(of: parts(binding), for: purpose)
    }

    /// Parses a key without verifying it; nil for a text of another form.
    init?(_ key: LinkKey) {
        guard key.exposedText.utf8.count <= 200, let bytes = Data(base64URL: key.exposedText),
            bytes.count == 8 + 16 + 32
        else { return nil }
        let seconds = bytes.prefix(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        guard seconds < 1 << 40 else { return nil }
        time = Date(timeIntervalSince1970: TimeInterval(seconds))
        id = bytes.dropFirst(8).prefix(16).withUnsafeBytes {
            UUID(uuid: $0.loadUnaligned(as: uuid_t.self))
        }
        code = Data(bytes.suffix(32))
    }

    /// Whether it was signed with this purpose and binding.
    func isValid(_ purpose: KeyRing.Purpose, binding: [String], keys: KeyRing) -> Bool {
        keys.isValid(code, of: parts(binding), for: purpose)
    }

    var key: LinkKey {
        var bytes = Data()
        withUnsafeBytes(of: UInt64(saturating: time.timeIntervalSince1970).bigEndian) {
            bytes.append(contentsOf: $0)
        }
        withUnsafeBytes(of: id.uuid) { bytes.append(contentsOf: $0) }
        bytes.append(code)
        return LinkKey(bytes.base64URL)
    }

    private func parts(_ binding: [String]) -> [String] {
        [id.wireText, String(Int64(saturating: time.timeIntervalSince1970))] + binding
    }
}

extension FlowTransaction {
    /// Queues the mail with the link that confirms an address.
    func mailConfirmation(_ user: User, _ address: EmailAddress, signup: Bool) throws {
        let key = SignedKey(
            .confirmEmail, id: address.id, time: now, binding: [user.id.wireText, address.email],
            keys: accounts.keys
        ).key
        let expiry = now + Double(settings.emailConfirmationExpireDays) * 86400
        try queueMail(
            signup ? .emailConfirmationSignup : .emailConfirmation, to: address.email, user: user,
            values: ["url": settings.links.confirmEmail(key)],
            onAccepted: EmailConfirmationSent(
                request: request, user: snapshot(of: user),
                confirmation: ConfirmationSnapshot(
                    method: .link, emailAddress: address.snapshot, expiresAt: expiry),
                signup: signup))
    }

    /// The address row of a confirmation key, if the key is valid and has not expired.
    func address(confirmedBy key: LinkKey) throws -> EmailAddress? {
        guard let signed = SignedKey(key), let address = try transaction.emailAddress(id: signed.id),
            signed.isValid(
                .confirmEmail, binding: [address.userID.wireText, address.email], keys: accounts.keys),
            signed.time + Double(settings.emailConfirmationExpireDays) * 86400 > now
        else { return nil }
        return address
    }
}
