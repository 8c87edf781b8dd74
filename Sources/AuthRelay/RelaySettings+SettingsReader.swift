// SPDX-License-Identifier: Apache-2.0
public import AuthSignals

extension RelaySettings {
    /// Reads `SIGNALS_REQUIRED`: signal names, separated by commas.
    public init(reading settings: inout SettingsReader) {
        self.init()
        for text in settings.list("SIGNALS_REQUIRED", default: []) {
            if let name = try? SignalName(validating: text) {
                required.insert(name)
            } else {
                settings.fault("SIGNALS_REQUIRED", "must be names of signals, separated by commas")
            }
        }
    }
}
