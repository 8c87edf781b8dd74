// SPDX-License-Identifier: Apache-2.0
import AuthBroker
import AuthDashboard
import AuthFlows
import AuthMail
import AuthRelay
import AuthServer
import AuthSignals
import AuthStore
import Logging

extension Installation {
    /// The dashboard over this installation.
    ///
    /// - Parameter relay: the relay of this process; nil if another process publishes.
    func dashboard(relay: SignalRelay?) -> Dashboard {
        var subject = Dashboard.Subject(
            store: store, keys: keys, mails: mailPlace, publicURL: settings.account.links.publicURL,
            source: settings.signals.source)
        subject.clientAddress = settings.server.clientAddress
        subject.inFlight = { relay?.inFlight }
        subject.deadLetters = BrokerDeadLetters(settings.dashboardBroker)
        return Dashboard(
            settings.dashboard, subject: subject, outgoing: settings.outgoing,
            logger: Logger(label: "auth-signals.dashboard"))
    }

    private var mailPlace: MailPlace {
        switch settings.mail.url.target {
        case .folder(let path): .folder(path)
        // Without user and password.
        case .smtp: .elsewhere("Mails are sent to \(settings.mail.url) and not kept here.")
        case .log: .elsewhere("MAIL_URL is log: so mails are written to the log and not kept.")
        }
    }
}
