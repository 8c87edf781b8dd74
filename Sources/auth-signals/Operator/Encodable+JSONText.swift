// SPDX-License-Identifier: Apache-2.0
import AuthServiceKit
import AuthSignals
import Foundation

extension Encodable {
    /// The value as JSON, encoded like the contract's: one line for programs, `pretty` for people. Terminal control
    /// characters are escaped.
    func jsonText(pretty: Bool = false) throws -> String {
        let encoder = SignalCodec.encoder()
        if pretty { encoder.outputFormatting.insert(.prettyPrinted) }
        return String(decoding: try encoder.encode(self), as: UTF8.self)
            .terminalSafe(keepingLineBreaks: pretty)
    }
}
