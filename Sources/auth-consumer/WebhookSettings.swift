// SPDX-License-Identifier: Apache-2.0
import AuthSignals
import Foundation

/// The settings of the `webhook` handler.
struct WebhookSettings: Sendable {
    /// `CONSUMER_WEBHOOK_URL`: https, or http to a loopback address.
    var url: URL
    /// `CONSUMER_WEBHOOK_SECRET`: `whsec_…`.
    var secret: WebhookSecret
    /// `CONSUMER_WEBHOOK_TIMEOUT`, seconds.
    var timeout: Duration

    /// Nil if no URL is set, or if a setting is invalid, for which the reader records a fault.
    init?(reading reader: inout SettingsReader) {
        timeout = reader.seconds("CONSUMER_WEBHOOK_TIMEOUT", default: .seconds(10), in: 1...300)
        guard let webhook = reader.webhook("CONSUMER_WEBHOOK") else { return nil }
        (url, secret) = webhook
    }
}
