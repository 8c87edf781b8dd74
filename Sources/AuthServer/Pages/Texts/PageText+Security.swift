// SPDX-License-Identifier: Apache-2.0
import AuthFlows

/// The pages for passwords and for reauthentication.
extension PageText {
    static let currentPassword = PageText("Current password", de: "Bisheriges Passwort")
    static let otherSessionsEnd = PageText(
        "A new password logs you out on all other devices.",
        de: "Ein neues Passwort meldet Sie auf allen anderen Geräten ab.")
    static let noPasswords = PageText("No passwords here", de: "Hier gibt es keine Passwörter")
    static let logInWithProviderOnly = PageText(
        "You log in with an account of another service.",
        de: "Sie melden sich mit dem Konto eines anderen Dienstes an.")
    static let resetIntroduction = PageText(
        "Enter the e-mail address of your account. We mail you what you need to set a new password.",
        de: "Geben Sie die E-Mail-Adresse Ihres Kontos ein. Sie erhalten eine E-Mail, mit der Sie ein neues "
            + "Passwort festlegen können.")
    static let mailAgain = PageText("Ask for another mail", de: "Neue E-Mail anfordern")

    static let reauthenticate = PageText(
        "Please confirm that it is you", de: "Bitte bestätigen Sie, dass Sie es sind")
    static let reauthenticateIntroduction = PageText(
        "Enter your password to go on.", de: "Geben Sie Ihr Passwort ein, um fortzufahren.")
}

/// The page of sessions.
extension PageText {
    static let unknownDevice = PageText("Unknown device", de: "Unbekanntes Gerät")
    static func browser(_ browser: String, on system: String) -> PageText {
        PageText("\(browser) on \(system)", de: "\(browser) auf \(system)")
    }
    static let thisSession = PageText("This session", de: "Diese Sitzung")
    static let loggedInAt = PageText("Logged in", de: "Angemeldet")
    static let lastSeenAt = PageText("Last used", de: "Zuletzt benutzt")
    static let ipAddress = PageText("IP address", de: "IP-Adresse")
    static let endSession = PageText("Log out", de: "Abmelden")
    static func endSession(_ device: PageText) -> PageText {
        PageText(
            "Log out: \(device.text(in: .english))", de: "Abmelden: \(device.text(in: .german))")
    }
    static let endOtherSessions = PageText(
        "Log out all other sessions", de: "Alle anderen Sitzungen abmelden")
}

/// The notices of these pages.
extension PageText {
    static let passwordIsChanged = PageText("Your password is changed.", de: "Ihr Passwort ist geändert.")
    static let passwordIsSet = PageText("Your password is set.", de: "Ihr Passwort ist festgelegt.")
    static let sessionIsEnded = PageText("The session is logged out.", de: "Die Sitzung ist abgemeldet.")
    static let sessionsAreEnded = PageText(
        "All other sessions are logged out.", de: "Alle anderen Sitzungen sind abgemeldet.")
}
