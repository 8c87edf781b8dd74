// SPDX-License-Identifier: Apache-2.0

/// What every page has.
extension PageText {
    static let skipToContent = PageText("Skip to the content", de: "Zum Inhalt springen")
    /// Before the title of a page whose form was refused.
    static let error = PageText("Error", de: "Fehler")
    static let goBackLink = PageText("Back", de: "Zurück")
    static let furtherPages = PageText("Further pages", de: "Weitere Seiten")
}

/// Requests that could not be handled.
extension PageText {
    static let tryAgainSoon = PageText(
        "Please try again in a moment", de: "Bitte gleich noch einmal versuchen")
    static let wentWrong = PageText("Something went wrong", de: "Etwas ist schiefgegangen")
    static let nothingChanged = PageText("Nothing was changed.", de: "Es wurde nichts geändert.")
    static let nothingChangedTryLater = PageText(
        "Nothing was changed. Please try again later.",
        de: "Es wurde nichts geändert. Bitte versuchen Sie es später noch einmal.")
    static let unreadable = PageText("This cannot be read", de: "Das ist nicht lesbar")
    static let goBack = PageText(
        "Please go back and try again.", de: "Bitte gehen Sie zurück und versuchen Sie es noch einmal.")
    static let tooOften = PageText("Too many attempts", de: "Zu viele Versuche")
    static let waitAWhile = PageText(
        "Please wait a while and try again.",
        de: "Bitte warten Sie eine Weile und versuchen Sie es dann noch einmal.")
    static let startAgain = PageText("Please start again", de: "Bitte beginnen Sie von vorn")
    static let nothingPending = PageText(
        "There is nothing left to be completed here.", de: "Hier ist nichts mehr zu erledigen.")
    static let notAllowed = PageText("This is not allowed.", de: "Das ist nicht erlaubt.")
    static let formExpired = PageText(
        "This page was open for too long, or you have logged in or out meanwhile. Nothing was changed. "
            + "Please check the form and send it again.",
        de: "Diese Seite war zu lange geöffnet, oder Sie haben sich inzwischen an- oder abgemeldet. "
            + "Es wurde nichts geändert. Bitte prüfen Sie das Formular und senden Sie es noch einmal.")
    static func formOfOtherOrigin(_ url: String) -> PageText {
        PageText(
            "Nothing was changed, because the form was not sent from this site. Please open \(url) and try again.",
            de: "Es wurde nichts geändert, weil das Formular nicht von dieser Seite stammt. Bitte öffnen Sie "
                + "\(url) und versuchen Sie es noch einmal.")
    }
    static let cookiesNeeded = PageText(
        "Your browser has sent no cookie, so nothing was changed. Please allow cookies for this site, "
            + "and send the form again.",
        de:
            "Ihr Browser hat kein Cookie gesendet, daher wurde nichts geändert. Bitte erlauben Sie Cookies für "
            + "diese Seite und senden Sie das Formular noch einmal.")
}

/// The dummy provider, for development.
extension PageText {
    static let dummyProvider = PageText("Dummy provider", de: "Attrappe eines Anbieters")
    static let dummyIntroduction = PageText(
        "Enter any identity. The server accepts it unchecked.",
        de: "Geben Sie eine beliebige Identität ein. Der Server übernimmt sie ungeprüft.")
    static let dummyIdentifier = PageText("Id", de: "Kennung")
    static let dummyVerified = PageText("The address is verified", de: "Die Adresse ist bestätigt")
}
