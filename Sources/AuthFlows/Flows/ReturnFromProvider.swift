// SPDX-License-Identifier: Apache-2.0
public import AuthSignals
public import Foundation

/// The result of a callback from a provider.
public struct ProviderReturn: Sendable {
    public var result: FlowResult<SocialLoginOutcome>
    /// Where to redirect the browser; nil if it was not given, or if the `state` is not one of the caller's session.
    public var callbackURL: URL?
    public var process: SocialLoginSnapshot.Process
    /// `error` for the query of that address; nil if the user is logged in or a stage of the log-in is pending.
    ///
    /// Source: allauth `headless/socialaccount/internal.py:complete_login`.
    public var error: Refusal.Code?
    /// The provider's error for the log, without tokens or personal data.
    public var fault: SocialProviderError?
}

extension Accounts {
    /// Handles the callback from a provider: redeems the authorization code, and logs in, signs up or connects,
    /// depending on the process that the redirect was started for.
    ///
    /// The `state` is removed from the session before the provider is called, so that it works only once.
    ///
    /// - Parameters:
    ///   - provider: the id of the provider whose callback was called. A `state` that was issued for another provider
    ///     is rejected (mix-up attack, RFC 9207).
    ///   - parameters: the parameters of the query or the form.
    ///   - context: the request and the session of the caller.
    public func returnFromProvider(
        _ provider: String, _ parameters: [String: String], _ context: FlowContext
    ) async throws -> ProviderReturn {
        let state = parameters["state"] ?? ""
        guard let begun = try await withTransaction(context, { try $0.takeProviderVisit(state) }),
            begun.provider == provider, let provider = self.provider(provider)
        else {
            return ProviderReturn(
                result: .refused(Refusal(.unknown, .unknownVisit)),
                process: .login,
                error: .unknown)
        }
        let result: FlowResult<SocialLoginOutcome>
        var fault: SocialProviderError?
        do {
            let identity = try await provider.identity(
                for: AuthorizationCallback(
                    parameters: parameters, redirectURI: begun.redirectURI,
                    codeVerifier: begun.codeVerifier, nonce: begun.nonce))
            result = try await completeSocialLogin(identity, provider, begun.process, context)
        } catch let error as SocialProviderError {
            result = .refused(.redirect(error))
            fault = error
        }
        return ProviderReturn(
            result: result, callbackURL: begun.callbackURL, process: begun.process,
            error: result.errorOfReturn, fault: fault)
    }
}

extension FlowTransaction {
    /// Removes a pending redirect from the caller's session and returns it; nil if it is unknown or has expired.
    func takeProviderVisit(_ state: String) throws -> ProviderVisit? {
        guard let session = try session(),
            let begun = session.state.providerVisits.first(where: { $0.state == state })
        else { return nil }
        _ = try remember { $0.providerVisits.removeAll { $0.state == state } }
        return begun.startedAt + settings.social.stateAge > now ? begun : nil
    }
}

extension FlowResult<SocialLoginOutcome> {
    /// `error` in the query of the front end's address.
    fileprivate var errorOfReturn: Refusal.Code? {
        switch self {
        case .success: nil
        // The user is neither logged in nor is a flow pending.
        case .unauthenticated(let pending): pending.flows.isEmpty ? .unknown : nil
        case .reauthenticationRequired: .reauthenticationRequired
        case .closed: .signupClosed
        case .forbidden(let code): code
        case .refused(let refusals): refusals.first?.code ?? .unknown
        case .conflict, .gone, .rateLimited: .unknown
        }
    }
}
