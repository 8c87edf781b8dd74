// SPDX-License-Identifier: Apache-2.0
import AuthFlows
public import AuthSignals
import Foundation

extension MailSettings {
    /// Reads `MAIL_URL`, `MAIL_FROM`, `MAIL_HELO`, `SITE_NAME`, `ACCOUNT_EMAIL_SUBJECT_PREFIX`, `MAIL_TEMPLATES` and `LANGUAGE_CODE`. If
    /// `SITE_NAME` is not set, it is the host of `PUBLIC_URL` or `SIGNALS_SOURCE`.
    ///
    /// The templates are read and checked too, so that an error in one is found when the service starts and not with
    /// the first mail. Errors are collected in `settings`.
    public init(reading settings: inout SettingsReader) {
        self.init(
            from: settings.value(
                "MAIL_FROM", default: nil, "an address: a@example.org or Example <a@example.org>"
            ) {
                // A double optional: the outer nil is an unreadable value, the inner nil a missing setting.
                // A local part outside ASCII needs SMTPUTF8, which is refused for recipients, too.
                (try? MailAddress(parsing: $0)).flatMap { address in
                    address.wireText.utf8.allSatisfy { $0 < 0x80 } ? .some(address) : nil
                }
            })
        if let text = settings.string("MAIL_URL") {
            do throws(MailError) {
                url = try MailURL(text)
            } catch {
                settings.fault("MAIL_URL", error.message)
            }
        }
        helloName = settings.string("MAIL_HELO")
        if let name = helloName, !Self.isHelloName(name) {
            settings.fault(
                "MAIL_HELO",
                "must be a host name such as mail.example.org, or an address in brackets: [192.0.2.1]")
        }
        readTexts(from: &settings)
    }

    private mutating func readTexts(from settings: inout SettingsReader) {
        if let name = settings.string("SITE_NAME") {
            siteName = name
        } else if let url = settings.string("PUBLIC_URL") ?? settings.string("SIGNALS_SOURCE"),
            let host = URLComponents(string: url)?.host, !host.isEmpty
        {
            siteName = host
        }
        // An empty setting counts as unset, so a prefix of spaces only means an empty prefix.
        subjectPrefix = settings.spacedString("ACCOUNT_EMAIL_SUBJECT_PREFIX")
            .map { $0.allSatisfy(\.isWhitespace) ? "" : $0 }
        language = settings.language(default: language)
        templatesFolder = settings.string("MAIL_TEMPLATES")
        // Tests check the built-in templates.
        guard let templatesFolder else { return }
        do throws(MailError) {
            _ = try MailTemplates(folder: templatesFolder)
        } catch {
            settings.fault("MAIL_TEMPLATES", "cannot be used: \(error.message)")
        }
    }
}
