// SPDX-License-Identifier: Apache-2.0
import Foundation

/// A parsed scrypt hash: `scrypt$N$SALT$R$P$BASE64`.
///
/// Source: Django `contrib/auth/hashers.py:ScryptPasswordHasher`.
struct StoredScrypt {
    var salt: String
    var cost: PasswordHasher.Cost
    var key: Data

    /// Nil for another format, and for parameters beyond the limits.
    init?(_ hash: PasswordHash) {
        let parts = hash.exposedText.split(separator: "$", omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 6, parts[0] == "scrypt", let n = Int(parts[1]), let r = Int(parts[3]),
            let p = Int(parts[4]), let key = Data(base64Encoded: parts[5]), (16...64).contains(key.count)
        else { return nil }
        var cost = PasswordHasher.Cost(n: n)
        cost.r = r
        cost.p = p
        guard cost.isAcceptable else { return nil }
        salt = parts[2]
        self.cost = cost
        self.key = key
    }
}
