// SPDX-License-Identifier: Apache-2.0

// The texts of all refusals. The English ones are those of allauth and Django, and the headless API returns them.

extension TranslatedText {
    // MARK: Any field

    package static let required = TranslatedText(
        english: "This field is required.", german: "Dieses Feld ist erforderlich.")
    package static let nullCharacters = TranslatedText(
        english: "Null characters are not allowed.", german: "Nullzeichen sind nicht erlaubt.")
    static let invalidChoice = TranslatedText(
        english: "That is not one of the available choices.", german: "Diese Auswahl ist nicht möglich.")
    static let invalidProcess = TranslatedText(
        english: "Select a valid choice: login or connect.",
        german: "Wählen Sie eine mögliche Auswahl: login oder connect.")
    static let invalidURL = TranslatedText(english: "Invalid URL.", german: "Die URL ist ungültig.")

    static func maxLength(_ most: Int) -> TranslatedText {
        TranslatedText(
            english: "Ensure this value has at most \(most) characters.",
            german: "Dieser Wert darf höchstens \(most) Zeichen lang sein.")
    }

    // MARK: E-mail addresses

    static let invalidEmail = TranslatedText(
        english: "Enter a valid email address.", german: "Geben Sie eine gültige E-Mail-Adresse ein.")
    static let emailTaken = TranslatedText(
        english: "A user is already registered with this email address.",
        german: "Mit dieser E-Mail-Adresse ist bereits ein Benutzer registriert.")
    static let unknownEmail = TranslatedText(
        english: "The email address is not assigned to any user account.",
        german: "Diese E-Mail-Adresse gehört zu keinem Benutzerkonto.")
    static let duplicateEmail = TranslatedText(
        english: "This email address is already associated with this account.",
        german: "Diese E-Mail-Adresse gehört bereits zu diesem Konto.")
    static let cannotRemovePrimaryEmail = TranslatedText(
        english: "You cannot remove your primary email address.",
        german: "Sie können Ihre primäre E-Mail-Adresse nicht entfernen.")
    static let unverifiedPrimaryEmail = TranslatedText(
        english: "Your primary email address must be verified.",
        german: "Ihre primäre E-Mail-Adresse muss bestätigt sein.")
    static let sameAsCurrent = TranslatedText(
        english: "The new value must be different from the current one.",
        german: "Der neue Wert muss sich vom bisherigen unterscheiden.")

    static func maxEmailAddresses(_ most: Int) -> TranslatedText {
        TranslatedText(
            english: "You cannot add more than \(most) email addresses.",
            german: most == 1
                ? "Sie können nur eine E-Mail-Adresse haben."
                : "Sie können höchstens \(most) E-Mail-Adressen haben.")
    }

    // MARK: Usernames

    static let usernameTaken = TranslatedText(
        english: "A user with that username already exists.",
        german: "Diesen Benutzernamen hat bereits ein anderer Benutzer.")
    static let invalidUsername = TranslatedText(
        english: "Enter a valid username.", german: "Geben Sie einen gültigen Benutzernamen ein.")
    static let invalidUsernameCharacters = TranslatedText(
        english:
            "Enter a valid username. This value may contain only letters, numbers, and @/./+/-/_ characters.",
        german: "Geben Sie einen gültigen Benutzernamen ein. Er darf nur Buchstaben, Ziffern und die Zeichen "
            + "@/./+/-/_ enthalten.")
    static let usernameBlacklisted = TranslatedText(
        english: "Username can not be used. Please use other username.",
        german: "Dieser Benutzername kann nicht verwendet werden. Wählen Sie einen anderen.")

    static func usernameTooShort(_ least: Int) -> TranslatedText {
        TranslatedText(
            english: "Username must be a minimum of \(least) characters.",
            german: "Der Benutzername muss mindestens \(least) Zeichen lang sein.")
    }

    // MARK: Passwords

    static let passwordTooCommon = TranslatedText(
        english: "This password is too common.", german: "Dieses Passwort ist zu häufig.")
    static let passwordEntirelyNumeric = TranslatedText(
        english: "This password is entirely numeric.", german: "Dieses Passwort besteht nur aus Ziffern.")
    static let passwordTooSimilar = TranslatedText(
        english: "The password is too similar to your e-mail address or username.",
        german: "Das Passwort ist Ihrer E-Mail-Adresse oder Ihrem Benutzernamen zu ähnlich.")
    static let passwordMismatch = TranslatedText(
        english: "You must type the same password each time.",
        german: "Sie müssen beide Male dasselbe Passwort eingeben.")
    static let incorrectPassword = TranslatedText(
        english: "Incorrect password.", german: "Das Passwort ist falsch.")
    static let enterCurrentPassword = TranslatedText(
        english: "Please type your current password.", german: "Geben Sie Ihr aktuelles Passwort ein.")
    static let invalidPasswordReset = TranslatedText(
        english: "The password reset token was invalid.",
        german: "Der Link zum Zurücksetzen des Passworts ist ungültig.")

    static func passwordTooShort(_ least: Int) -> TranslatedText {
        TranslatedText(
            english: "This password is too short. It must contain at least \(least) characters.",
            german: "Dieses Passwort ist zu kurz. Es muss mindestens \(least) Zeichen lang sein.")
    }

    static func passwordTooLong(_ most: Int) -> TranslatedText {
        TranslatedText(
            english: "This password is too long. It may have at most \(most) bytes.",
            german: "Dieses Passwort ist zu lang. Es darf höchstens \(most) Bytes lang sein.")
    }

    // MARK: Logging in

    static let invalidLogin = TranslatedText(
        english: "Invalid login.", german: "Geben Sie entweder die E-Mail-Adresse oder den Benutzernamen an.")
    static let emailPasswordMismatch = TranslatedText(
        english: "The email address and/or password you specified are not correct.",
        german: "Die E-Mail-Adresse oder das Passwort ist falsch.")
    static let usernamePasswordMismatch = TranslatedText(
        english: "The username and/or password you specified are not correct.",
        german: "Der Benutzername oder das Passwort ist falsch.")
    static let tooManyLoginAttempts = TranslatedText(
        english: "Too many failed login attempts. Try again later.",
        german: "Zu viele fehlgeschlagene Anmeldeversuche. Versuchen Sie es später noch einmal.")
    static let incorrectCode = TranslatedText(english: "Incorrect code.", german: "Der Code ist falsch.")
    static let invalidOrExpiredKey = TranslatedText(
        english: "Invalid or expired key.", german: "Der Link ist ungültig oder abgelaufen.")

    // MARK: Providers

    static let unknownProvider = TranslatedText(english: "Unknown provider.", german: "Unbekannter Anbieter.")
    static let providerUnreachable = TranslatedText(
        english: "The provider cannot be reached. Try again later.",
        german: "Der Anbieter ist nicht erreichbar. Versuchen Sie es später noch einmal.")
    static let providerFailed = TranslatedText(
        english: "Signing in with the provider did not work.",
        german: "Die Anmeldung beim Anbieter hat nicht funktioniert.")
    static let unknownVisit = TranslatedText(
        english: "This visit is unknown, or too long ago.",
        german: "Dieser Besuch beim Anbieter ist unbekannt oder zu lange her.")
    static let tokenAuthenticationNotSupported = TranslatedText(
        english: "Provider does not support token authentication.",
        german: "Der Anbieter unterstützt keine Anmeldung mit einem Token.")
    static let clientIDRequired = TranslatedText(
        english: "`client_id` required.", german: "`client_id` ist erforderlich.")
    package static let tokenRequired = TranslatedText(
        english: "`id_token` and/or `access_token` required.",
        german: "`id_token` oder `access_token` ist erforderlich.")
    package static let invalidToken = TranslatedText(
        english: "Invalid token.", german: "Das Token ist ungültig.")
    static let connectedOther = TranslatedText(
        english: "The third-party account is already connected to a different account.",
        german: "Das Konto beim Anbieter ist bereits mit einem anderen Konto verbunden.")
    static let accountNotFound = TranslatedText(english: "Unknown account.", german: "Unbekanntes Konto.")
    static let disconnectLast = TranslatedText(
        english: "You cannot disconnect your last remaining third-party account.",
        german: "Sie können Ihr letztes verbundenes Konto nicht trennen.")
    static let noPassword = TranslatedText(
        english: "Your account has no password set up.", german: "Ihr Konto hat noch kein Passwort.")
    static let noVerifiedEmail = TranslatedText(
        english: "Your account has no verified email address.",
        german: "Ihr Konto hat keine bestätigte E-Mail-Adresse.")

    static func emailTakenElsewhere(provider: String) -> TranslatedText {
        TranslatedText(
            english:
                "An account already exists with this email address. Please sign in to that account first, then "
                + "connect your \(provider) account.",
            german:
                "Mit dieser E-Mail-Adresse gibt es bereits ein Konto. Melden Sie sich zuerst bei diesem Konto an "
                + "und verbinden Sie dann Ihr Konto bei \(provider).")
    }
}
