// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthPostgres
import AuthSignals
import Foundation

extension PostgresReading {
    /// The pending and failed mails about one account. A mail is encrypted: whom it is about is known only after
    /// decryption. One that names no account is found by its recipient, unless another user has verified that address.
    ///
    /// - Parameter subject: the user's id in lower case.
    /// - Returns: their ids, and how many mails could not be decrypted.
    func mails(to subject: String) throws -> (found: [UUID], sealed: Int) {
        let user = UUID(uuidString: subject) ?? UUID()
        let keysOfUser = try query(.ownAddressKeys, [.uuid(user)]).map { try $0.text(0) }
        var (found, sealed): ([UUID], Int) = ([], 0)
        var last = UUID(uuid: (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0))
        while true {
            let rows = try query(.mailsAfter, [.uuid(last)])
            for row in rows {
                let id = try row.uuid(0)
                last = id
                guard let plain = try? keys.open(row.bytes(1), for: .mail, context: id.wireText),
                    let draft = try? SignalCodec.decoder().decode(MailDraft.self, from: plain)
                else {
                    sealed += 1
                    continue
                }
                let key = EmailAddress.key(of: draft.to)
                let owner = draft.subject ?? draft.onAccepted?.subject
                if owner.map({ $0.hasSameBytes(as: subject) })
                    ?? keysOfUser.contains(where: { $0.hasSameBytes(as: key) })
                {
                    found.append(id)
                }
            }
            // As many as the statement returns at most.
            if rows.count < 1000 { return (found, sealed) }
        }
    }
}
