// SPDX-License-Identifier: Apache-2.0

/// A password's hash as it is stored, in Django's format `scrypt$N$SALT$R$P$BASE64`, so that users can be imported
/// from Django. Not `Encodable`; printing it shows nothing.
public struct PasswordHash: Secret, Hashable {
    /// The stored form.
    public let exposedText: String
    public init(stored text: String) { exposedText = text }
}
