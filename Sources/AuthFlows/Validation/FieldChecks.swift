// SPDX-License-Identifier: Apache-2.0
import Foundation

/// Checks of single fields, with allauth's error codes.
struct FieldChecks {
    var settings: AccountSettings

    /// The normalized address, or why it is invalid.
    func email(_ text: String?, required: Bool = true, field: String = "email") -> Result<String?, Refusal> {
        guard let text, !text.isEmpty else { return missing(required, field) }
        if text.utf8.contains(0) { return .failure(nullCharacter(field)) }
        // Checked before normalization, which is slow for a long text.
        if text.utf8.count > 4 * EmailSyntax.longest { return .failure(longEmail(field)) }
        let email = EmailAddress.normalized(text)
        if EmailAddress.key(of: email).utf8.count > EmailSyntax.longest { return .failure(longEmail(field)) }
        guard EmailSyntax.isValid(email) else {
            return .failure(Refusal(.invalid, field: field, .invalidEmail))
        }
        return .success(email)
    }

    /// The trimmed username, or why it is invalid.
    func username(_ text: String?, required: Bool) -> Result<String?, Refusal> {
        let field = "username"
        guard let text = text?.trimmingCharacters(in: .whitespacesAndNewlines), !text.isEmpty else {
            return missing(required, field)
        }
        if text.utf8.contains(0) { return .failure(nullCharacter(field)) }
        // Checked before normalization, which is slow for a long text.
        if text.utf8.count > Username.longestBytes || text.unicodeScalars.count > Username.longest {
            return .failure(
                Refusal(.maxLength, field: field, .maxLength(Username.longest)))
        }
        guard Username.isAllowed(text) else {
            return .failure(
                Refusal(.invalid, field: field, .invalidUsernameCharacters))
        }
        if text.unicodeScalars.count < settings.usernameMinLength {
            return .failure(
                Refusal(.usernameTooShort, field: field, .usernameTooShort(settings.usernameMinLength)))
        }
        let key = Username.key(of: text)
        if settings.usernameBlacklist.contains(where: { Username.key(of: $0) == key }) {
            return .failure(
                Refusal(.usernameBlacklisted, field: field, .usernameBlacklisted))
        }
        return .success(settings.preserveUsernameCasing ? text : text.lowercased())
    }

    /// The trimmed username for looking up a user, or a refusal if no user can have it.
    func knownUsername(_ text: String) -> Result<String, Refusal> {
        let name = text.trimmingCharacters(in: .whitespacesAndNewlines)
        guard name.utf8.count <= Username.longestBytes, !name.utf8.contains(0) else {
            return .failure(Refusal(.invalid, field: "username", .invalidUsername))
        }
        return .success(name)
    }

    private func longEmail(_ field: String) -> Refusal {
        Refusal(.maxLength, field: field, .maxLength(EmailSyntax.longest))
    }

    private func missing(_ required: Bool, _ field: String) -> Result<String?, Refusal> {
        required ? .failure(.required(field: field)) : .success(nil)
    }

    private func nullCharacter(_ field: String) -> Refusal {
        Refusal(.invalid, field: field, .nullCharacters)
    }
}

extension Result where Failure == Refusal {
    /// The value; or nil, after the refusal was appended to `refusals`.
    func get(refusals: inout [Refusal]) -> Success? {
        switch self {
        case .success(let value): return value
        case .failure(let refusal):
            refusals.append(refusal)
            return nil
        }
    }
}
