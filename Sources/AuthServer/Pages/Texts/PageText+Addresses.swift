// SPDX-License-Identifier: Apache-2.0

/// The page of e-mail addresses.
extension PageText {
    static let noEmails = PageText(
        "Your account has no e-mail address. Without one you cannot reset your password.",
        de: "Ihr Konto hat keine E-Mail-Adresse. Ohne Adresse können Sie Ihr Passwort nicht zurücksetzen.")
    static let primaryEmail = PageText("Primary", de: "Hauptadresse")
    static let verifiedEmail = PageText("Verified", de: "Bestätigt")
    static let unverifiedEmail = PageText("Not verified", de: "Nicht bestätigt")

    static let makePrimary = PageText("Make primary", de: "Als Hauptadresse")
    static func makePrimary(_ email: String) -> PageText {
        PageText("Make primary: \(email)", de: "Als Hauptadresse: \(email)")
    }
    static let resendConfirmation = PageText("Mail the confirmation again", de: "Bestätigung erneut senden")
    static func resendConfirmation(to email: String) -> PageText {
        PageText("Mail the confirmation again: \(email)", de: "Bestätigung erneut senden: \(email)")
    }
    static let remove = PageText("Remove", de: "Entfernen")
    static func remove(_ email: String) -> PageText {
        PageText("Remove: \(email)", de: "Entfernen: \(email)")
    }

    static let furtherEmail = PageText("Further e-mail address", de: "Weitere E-Mail-Adresse")
    static let addEmail = PageText("Add address", de: "Adresse hinzufügen")
    static let replacingEmail = PageText("New e-mail address", de: "Neue E-Mail-Adresse")
    static let replacingEmailHint = PageText(
        "It replaces the current one as soon as you confirm it.",
        de: "Sie ersetzt die bisherige, sobald Sie sie bestätigen.")
    static let replaceEmail = PageText("Change address", de: "Adresse ändern")

    static let confirmationNotMailed = PageText(
        "No mail was sent, because one was sent a short time ago. Please look into your mail, or wait a while.",
        de: "Es wurde keine E-Mail gesendet, weil das kürzlich schon geschehen ist. Bitte sehen Sie in Ihrem "
            + "Postfach nach, oder warten Sie eine Weile.")
}

/// The notices of the page of e-mail addresses.
extension PageText {
    static let emailAdded = PageText(
        "The address is added. A mail with a link is on its way to it.",
        de: "Die Adresse ist hinzugefügt. Eine E-Mail mit einem Link ist an sie unterwegs.")
    static let emailRemoved = PageText("The address is removed.", de: "Die Adresse ist entfernt.")
    static let primaryEmailSet = PageText(
        "Your primary address is set.", de: "Ihre Hauptadresse ist festgelegt.")
    static let confirmationMailed = PageText(
        "A mail with a link is on its way.", de: "Eine E-Mail mit einem Link ist unterwegs.")
    static let emailConfirmed = PageText(
        "Thank you. Your address is confirmed.", de: "Vielen Dank. Ihre Adresse ist bestätigt.")
}
