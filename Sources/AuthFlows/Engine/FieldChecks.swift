// SPDX-License-Identifier: Apache-2.0
import Foundation

/// Checks of single fields, with allauth's codes.
struct FieldChecks {
    var settings: AccountSettings

    /// The address normalised, or why it is none.
    func email(_ text: String?, required: Bool = true, field: String = "email") -> Result<String?, Refusal> {
        guard let text, !text.isEmpty else { return missing(required, field) }
        if text.utf8.contains(0) { return .failure(nullCharacter(field)) }
        let email = EmailAddress.normalized(text)
        if email.utf8.count > 254 {
            return .failure(
                Refusal(.maxLength, field: field, "Ensure this value has at most 254 characters."))
        }
        guard EmailSyntax.isValid(email) else {
            return .failure(Refusal(.invalid, field: field, "Enter a valid email address."))
        }
        return .success(email)
    }

    /// The username, or why it cannot be one.
    func username(_ text: String?, required: Bool) -> Result<String?, Refusal> {
        let field = "username"
        guard let text = text?.trimmingCharacters(in: .whitespacesAndNewlines), !text.isEmpty else {
            return missing(required, field)
        }
        if text.utf8.contains(0) { return .failure(nullCharacter(field)) }
        if text.count > 150 {
            return .failure(
                Refusal(.maxLength, field: field, "Ensure this value has at most 150 characters."))
        }
        // Django's UnicodeUsernameValidator.
        guard text.allSatisfy({ $0.isLetter || $0.isNumber || "@.+-_".contains($0) }) else {
            return .failure(
                Refusal(
                    .invalid, field: field,
                    "Enter a valid username. This value may contain only letters, numbers, and @/./+/-/_ characters."
                ))
        }
        if text.count < settings.usernameMinLength {
            return .failure(
                Refusal(
                    .usernameTooShort, field: field,
                    "Username must be a minimum of \(settings.usernameMinLength) characters."))
        }
        let folded = text.lowercased()
        if settings.usernameBlacklist.contains(where: { $0.lowercased() == folded }) {
            return .failure(
                Refusal(
                    .usernameBlacklisted, field: field,
                    "Username can not be used. Please use other username."))
        }
        return .success(settings.preserveUsernameCasing ? text : folded)
    }

    private func missing(_ required: Bool, _ field: String) -> Result<String?, Refusal> {
        required ? .failure(.required(field: field)) : .success(nil)
    }

    private func nullCharacter(_ field: String) -> Refusal {
        Refusal(.invalid, field: field, "Null characters are not allowed.")
    }
}

extension Result where Failure == Refusal {
    /// The value; the refusal joins the others.
    func get(refusals: inout [Refusal]) -> Success? {
        switch self {
        case .success(let value): return value
        case .failure(let refusal):
            refusals.append(refusal)
            return nil
        }
    }
}
