// SPDX-License-Identifier: Apache-2.0

/// The pages of accounts at providers.
extension PageText {
    static let noConnections = PageText(
        "No account of another service is connected to yours.",
        de: "Mit Ihrem Konto ist kein Konto eines anderen Dienstes verbunden.")
    static let addConnection = PageText("Connect an account", de: "Konto verbinden")
    static func connect(_ provider: String) -> PageText {
        PageText("Connect \(provider)", de: "\(provider) verbinden")
    }
    static let disconnect = PageText("Disconnect", de: "Trennen")
    static func disconnect(_ account: String, at provider: String) -> PageText {
        PageText("Disconnect: \(account), \(provider)", de: "Trennen: \(account), \(provider)")
    }
    static func completeSignUp(_ provider: String, _ siteName: String) -> PageText {
        PageText(
            "You are about to use your account at \(provider) for \(siteName). Please complete this form.",
            de:
                "Sie verwenden Ihr Konto bei \(provider) für \(siteName). Bitte füllen Sie dieses Formular aus."
        )
    }
    static let providerLogInCancelled = PageText(
        "The log-in was cancelled", de: "Die Anmeldung wurde abgebrochen")
    static let providerLogInFailed = PageText("The log-in has failed", de: "Die Anmeldung ist fehlgeschlagen")
    static let accountIsConnected = PageText("The account is connected.", de: "Das Konto ist verbunden.")
    static let accountIsDisconnected = PageText("The account is disconnected.", de: "Das Konto ist getrennt.")
}
