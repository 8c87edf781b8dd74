// SPDX-License-Identifier: Apache-2.0

/// Sign-up, log-in and log-out.
extension PageText {
    static let signUp = PageText("Sign up", de: "Konto anlegen")
    static let logIn = PageText("Log in", de: "Anmelden")
    static let logOut = PageText("Log out", de: "Abmelden")
    static let email = PageText("E-mail address", de: "E-Mail-Adresse")
    static let username = PageText("Username", de: "Benutzername")
    static let emailOrUsername = PageText(
        "E-mail address or username", de: "E-Mail-Adresse oder Benutzername")
    static let password = PageText("Password", de: "Passwort")
    static let passwordAgain = PageText("Password again", de: "Passwort wiederholen")
    static let remember = PageText("Stay logged in", de: "Angemeldet bleiben")
    static let honeypot = PageText("Leave this field empty", de: "Dieses Feld bitte leer lassen")
    static func passwordHint(atLeast count: Int) -> PageText {
        PageText("At least \(count) characters.", de: "Mindestens \(count) Zeichen.")
    }

    static let haveAccount = PageText("Log in to an existing account", de: "Mit vorhandenem Konto anmelden")
    static let createAccount = PageText("Create an account", de: "Neues Konto anlegen")
    static let forgotPassword = PageText("Forgot your password?", de: "Passwort vergessen?")
    static let mailCode = PageText(
        "Mail me a code instead", de: "Stattdessen mit einem Code per E-Mail anmelden")
    static let logInWithPassword = PageText("Log in with a password", de: "Mit Passwort anmelden")
    static let orWith = PageText("or", de: "oder")
    static func continueWith(_ provider: String) -> PageText {
        PageText("Continue with \(provider)", de: "Weiter mit \(provider)")
    }

    static let signUpClosed = PageText(
        "Sign-up is closed.", de: "Es können keine neuen Konten angelegt werden.")
    static let noWayToLogIn = PageText(
        "No way to log in is configured.", de: "Es ist keine Anmeldung eingerichtet.")
    static let logOutQuestion = PageText("Do you want to log out?", de: "Möchten Sie sich abmelden?")
}

/// A code or a link that was mailed.
extension PageText {
    static let logInByCode = PageText("Log in with a code", de: "Mit Code anmelden")
    static let logInByCodeIntroduction = PageText(
        "We mail you a code. You need no password.",
        de: "Sie erhalten einen Code per E-Mail und brauchen kein Passwort.")
    static let mailMeCode = PageText("Mail me a code", de: "Code anfordern")
    static let enterCode = PageText("Enter the code", de: "Code eingeben")
    static let code = PageText("Code", de: "Code")
    static let confirm = PageText("Confirm", de: "Bestätigen")
    static let resendCode = PageText("Mail me another code", de: "Neuen Code anfordern")
    static let codeIsMailed = PageText(
        "If there is an account, a mail with a code is on its way.",
        de: "Falls es ein Konto gibt, ist eine E-Mail mit einem Code unterwegs.")
    static let otherLogIn = PageText("Log in in another way", de: "Auf andere Weise anmelden")

    static let verifyEmail = PageText("Confirm your e-mail address", de: "Bestätigen Sie Ihre E-Mail-Adresse")
    static let linkIsMailed = PageText(
        "We have sent a mail with a link. Open the link to go on.",
        de: "Wir haben eine E-Mail mit einem Link gesendet. Öffnen Sie den Link, um fortzufahren.")
    static let verificationCodeIsMailed = PageText(
        "We have sent a mail with a code.", de: "Wir haben eine E-Mail mit einem Code gesendet.")
    static let yourAddress = PageText("To your address", de: "An Ihre Adresse")
    static let noMail = PageText(
        "No mail? Look into the spam folder, and check the address.",
        de: "Keine E-Mail? Sehen Sie im Spam-Ordner nach und prüfen Sie die Adresse.")
    static let changeAddress = PageText("Use another address", de: "Andere Adresse verwenden")
    static let newAddress = PageText("The right address", de: "Die richtige Adresse")
}

/// The account page.
extension PageText {
    static let accountInactive = PageText("This account is not active", de: "Dieses Konto ist nicht aktiv")
    static let account = PageText("Your account", de: "Ihr Konto")
    static func loggedIn(as name: String) -> PageText {
        PageText("You are logged in as \(name).", de: "Sie sind angemeldet als \(name).")
    }
    static let loggedIn = PageText("You are logged in.", de: "Sie sind angemeldet.")
    static let emails = PageText("E-mail addresses", de: "E-Mail-Adressen")
    static let changePassword = PageText("Change password", de: "Passwort ändern")
    static let setPassword = PageText("Set a password", de: "Passwort festlegen")
    static let connections = PageText("Connected accounts", de: "Verbundene Konten")
    static let sessions = PageText("Devices and sessions", de: "Geräte und Sitzungen")
    static let language = PageText("Language", de: "Sprache")
}

/// The page of the language.
extension PageText {
    static let languageIntroduction = PageText(
        "These pages, and the mails that we send you, are in the language that you choose.",
        de: "Diese Seiten und die E-Mails, die wir Ihnen senden, sind in der Sprache, die Sie wählen.")
    static let chosenLanguage = PageText("Your choice", de: "Ihre Wahl")
    static let languageOfBrowser = PageText("The language of my browser", de: "Die Sprache meines Browsers")
}

/// Why a log-in by a provider failed: `error` in the query.
extension PageText {
    static func providerError(_ code: String) -> PageText {
        switch code {
        case "cancelled":
            PageText("You have cancelled the log-in.", de: "Sie haben die Anmeldung abgebrochen.")
        case "denied", "permission_denied": .notAllowed
        case "signup_closed": .signUpClosed
        case "connected_other":
            PageText(
                "That account is connected to another user.",
                de: "Dieses Konto ist mit einem anderen Benutzer verbunden.")
        default:
            PageText(
                "This did not work. Please try again.",
                de: "Das hat nicht geklappt. Bitte versuchen Sie es noch einmal.")
        }
    }
}
