// SPDX-License-Identifier: Apache-2.0

/// A short message at the top of the page that follows a form, named by `done` in the page's query.
///
/// The query has only the name, so that a link from elsewhere cannot make a page show a text of its own.
enum PageNotice: String, CaseIterable, Sendable {
    case signedUp = "signed-up"
    case signedUpMailed = "signed-up-mailed"
    case loggedOut = "logged-out"
    case codeExpired = "code-expired"
    case codeMailed = "code-mailed"
    case emailAdded = "email-added"
    case emailRemoved = "email-removed"
    case primaryEmailSet = "primary-email-set"
    case confirmationMailed = "confirmation-mailed"
    case emailConfirmed = "email-confirmed"
    case passwordChanged = "password-changed"
    case passwordSet = "password-set"
    case passwordReset = "password-reset"
    case sessionEnded = "session-ended"
    case sessionsEnded = "sessions-ended"
    case languageSet = "language-set"
    case accountConnected = "account-connected"
    case accountDisconnected = "account-disconnected"

    var text: PageText {
        switch self {
        case .signedUp: PageText("Your account is ready.", de: "Ihr Konto ist eingerichtet.")
        case .signedUpMailed:
            PageText(
                "Your account is ready. We have sent you a mail to confirm your address.",
                de: "Ihr Konto ist eingerichtet. Eine E-Mail zum Bestätigen Ihrer Adresse ist unterwegs.")
        case .loggedOut: PageText("You are logged out.", de: "Sie sind abgemeldet.")
        case .codeExpired:
            PageText(
                "That code is no longer valid. Please start again.",
                de: "Dieser Code ist nicht mehr gültig. Bitte beginnen Sie von vorn.")
        case .codeMailed: PageText("Another code is on its way.", de: "Ein neuer Code ist unterwegs.")
        case .emailAdded: .emailAdded
        case .emailRemoved: .emailRemoved
        case .primaryEmailSet: .primaryEmailSet
        case .confirmationMailed: .confirmationMailed
        case .emailConfirmed: .emailConfirmed
        case .passwordChanged, .passwordReset: .passwordIsChanged
        case .passwordSet: .passwordIsSet
        case .sessionEnded: .sessionIsEnded
        case .sessionsEnded: .sessionsAreEnded
        case .languageSet: PageText("Your language is set.", de: "Ihre Sprache ist eingestellt.")
        case .accountConnected: .accountIsConnected
        case .accountDisconnected: .accountIsDisconnected
        }
    }
}
