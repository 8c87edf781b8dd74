// SPDX-License-Identifier: Apache-2.0
package import AuthFlows
import AuthSignals
package import Foundation
package import Logging

/// The state of sessions (pending steps and recent proofs) as stores keep it: encrypted, bound to the session's id.
package struct SealedSessionState: Sendable {
    private let keys: KeyRing
    private let logger: Logger

    package init(keys: KeyRing, logger: Logger) {
        self.keys = keys
        self.logger = logger
    }

    package func seal(_ state: SessionState, of id: Session.ID) throws -> Data {
        try keys.seal(
            SignalCodec.encoderOfWhatIsSealed().encode(state), for: .session, context: id.wireText)
    }

    package func open(_ sealed: Data, of id: Session.ID) throws -> SessionState {
        do {
            let plain = try keys.open(sealed, for: .session, context: id.wireText)
            return try SignalCodec.decoderOfWhatIsSealed().decode(SessionState.self, from: plain)
        } catch KeyRingError.unknownKey {
            // The secret was changed without keeping the former one. The user stays logged in, because that depends on
            // the token; pending steps and recent proofs have to be repeated.
            logger.info(
                "session state discarded: encrypted with an unknown secret",
                metadata: ["session": "\(id.wireText)"])
            return SessionState()
        } catch let error where error is KeyRingError || error is DecodingError {
            // One damaged row must not keep an operator from ending the user's sessions; an empty state grants nothing.
            logger.warning(
                "session state discarded: it cannot be read",
                metadata: ["session": "\(id.wireText)", "error": "\(type(of: error))"])
            return SessionState()
        }
    }
}
