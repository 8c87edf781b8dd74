// SPDX-License-Identifier: Apache-2.0
import AuthOperations
import AuthSignals
import Foundation

extension Encodable {
    /// As JSON like the contract's: in one line for programs, `pretty` for people. What a terminal would obey is
    /// escaped.
    func jsonText(pretty: Bool = false) throws -> String {
        let encoder = SignalCodec.encoder()
        if pretty { encoder.outputFormatting.insert(.prettyPrinted) }
        return String(decoding: try encoder.encode(self), as: UTF8.self)
            .terminalSafe(keepingLineBreaks: pretty)
    }
}
