// SPDX-License-Identifier: Apache-2.0
import AuthRelay
import AuthSignals
import Testing

@Suite struct RelaySettingsTests {
    @Test func `the delay of a nacked row doubles with each failure, up to five minutes`() {
        let backoff = RelaySettings().backoff
        for sequence in Int64(1)...200 {
            for (failures, whole) in [(1, 1), (2, 2), (3, 4), (9, 256), (10, 300), (1000, 300)] {
                let delay = backoff.delay(afterFailures: failures, sequence: sequence)
                #expect(delay >= .milliseconds(whole * 800))
                #expect(delay <= .seconds(whole))
            }
        }
    }

    @Test func `reads the required names and reports an invalid one`() {
        var good = SettingsReader(["SIGNALS_REQUIRED": "account.user_logged_in, billing.invoice_paid"])
        let settings = RelaySettings(reading: &good)
        #expect(settings.required == ["account.user_logged_in", "billing.invoice_paid"])
        #expect(good.faults.isEmpty)
        for text in ["user logged in", "Account,account.a,b"] {
            var bad = SettingsReader(["SIGNALS_REQUIRED": text])
            _ = RelaySettings(reading: &bad)
            #expect(
                bad.faults.map(\.description) == [
                    "SIGNALS_REQUIRED must be names of signals, separated by commas"
                ])
        }
        var none = SettingsReader([:])
        #expect(RelaySettings(reading: &none).required.isEmpty)
    }
}
