// SPDX-License-Identifier: Apache-2.0
import AuthSignals
import Foundation

/// Where the `webhook` handler posts to.
struct WebhookSettings: Sendable {
    /// `CONSUMER_WEBHOOK_URL`: https, or http to this host itself.
    var url: URL
    /// `CONSUMER_WEBHOOK_SECRET`: `whsec_…`.
    var secret: WebhookSecret
    /// `CONSUMER_WEBHOOK_TIMEOUT`, seconds.
    var timeout: Duration

    /// Nil where no URL is set, or something is wrong, which the reader is told.
    init?(reading reader: inout SettingsReader) {
        timeout = reader.seconds("CONSUMER_WEBHOOK_TIMEOUT", default: .seconds(10), in: 1...300)
        guard let webhook = reader.webhook("CONSUMER_WEBHOOK") else { return nil }
        (url, secret) = webhook
    }
}
