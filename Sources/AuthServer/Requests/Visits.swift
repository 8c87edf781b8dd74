// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthSignals
import Foundation
import Hummingbird

/// Makes flows' visits of HTTP requests.
struct Visits: Sendable {
    let clientAddress: ClientAddress
    let client: AuthSignals.RequestContext.Client

    /// The request as flows and their signals know it. Its id is never taken from the client.
    func visit(
        of request: Request, _ context: some Hummingbird.RequestContext, _ token: SessionToken?
    ) -> Visit {
        let known = context as? any AuthRequestContext
        let peer =
            known?.peerAddress ?? (context as? any RemoteAddressRequestContext)?.remoteAddress?.ipAddress
        clientAddress.report(request.headers, to: context.logger)
        return Visit(
            token: token,
            request: AuthSignals.RequestContext(
                id: known?.requestID ?? .version7(), client: client,
                ip: clientAddress.address(headers: request.headers, peer: peer),
                userAgent: request.headers[.userAgent]))
    }
}
