// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthSignals
import Foundation
import Hummingbird

/// Creates the `FlowContext` of a flow from an HTTP request.
struct FlowContextFactory: Sendable {
    let clientAddress: ClientAddress
    let client: AuthSignals.SignalRequest.Client
    /// The languages that `Accept-Language` can choose from.
    let languages: [Language]

    /// The request for flows and their signals. Its id is never taken from the client.
    func make(
        for request: Request, _ context: some Hummingbird.RequestContext, _ token: SessionToken?
    ) -> FlowContext {
        let known = context as? any AuthRequestContext
        let peer =
            known?.peerAddress ?? (context as? any RemoteAddressRequestContext)?.remoteAddress?.ipAddress
        clientAddress.report(request.headers, to: context.logger)
        return FlowContext(
            token: token,
            request: AuthSignals.SignalRequest(
                id: known?.requestID ?? .version7(), client: client,
                ip: clientAddress.address(headers: request.headers, peer: peer),
                userAgent: request.headers[.userAgent]),
            language: Language.match(
                acceptLanguage: request.headers[.acceptLanguage], among: languages))
    }
}
