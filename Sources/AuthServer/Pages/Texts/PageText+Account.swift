// SPDX-License-Identifier: Apache-2.0

/// Links in mails.
extension PageText {
    static let linkInvalid = PageText("This link is not valid", de: "Dieser Link ist ungültig")
    static let linkSpent = PageText(
        "It was used already, or it is too old. Please ask for a new one.",
        de: "Er wurde bereits benutzt oder ist zu alt. Bitte fordern Sie einen neuen an.")
    static let confirmAddress = PageText("Confirm your address", de: "Bestätigen Sie Ihre Adresse")
    static func isYourAddress(_ email: String) -> PageText {
        PageText("Is \(email) your e-mail address?", de: "Ist \(email) Ihre E-Mail-Adresse?")
    }
    static let yesConfirm = PageText("Yes, confirm it", de: "Ja, bestätigen")
    static let addressConfirmed = PageText("Your address is confirmed", de: "Ihre Adresse ist bestätigt")
    static let thanksLoggedIn = PageText(
        "Thank you. You are logged in.", de: "Vielen Dank. Sie sind angemeldet.")
    static let thanksLogInNow = PageText(
        "Thank you. You can log in now.", de: "Vielen Dank. Sie können sich jetzt anmelden.")
    static let addressInUse = PageText("This address is in use", de: "Diese Adresse wird schon benutzt")
    static let confirmedByAnother = PageText(
        "Another account has confirmed it already.", de: "Ein anderes Konto hat sie bereits bestätigt.")
}

/// Passwords.
extension PageText {
    static let resetPassword = PageText("Reset your password", de: "Passwort zurücksetzen")
    static let sendMail = PageText("Send me a mail", de: "E-Mail anfordern")
    static let lookIntoMail = PageText("Look into your mail", de: "Sehen Sie in Ihre E-Mails")
    static let linkOnItsWay = PageText(
        "If there is an account with that address, a mail with a link is on its way.",
        de: "Falls es ein Konto mit dieser Adresse gibt, ist eine E-Mail mit einem Link unterwegs.")
    static let setNewPassword = PageText("Set a new password", de: "Neues Passwort festlegen")
    static let newPassword = PageText("New password", de: "Neues Passwort")
    static let setThePassword = PageText("Set the password", de: "Passwort festlegen")
    static let passwordChanged = PageText("Your password is changed", de: "Ihr Passwort ist geändert")
    static let confirmToLogIn = PageText(
        "To log in, confirm your address by the mail that is on its way.",
        de: "Um sich anzumelden, bestätigen Sie Ihre Adresse mit der E-Mail, die unterwegs ist.")
    static let logInWithNewPassword = PageText(
        "You can log in with the new one now.", de: "Sie können sich jetzt mit dem neuen anmelden.")
}
