// SPDX-License-Identifier: Apache-2.0
public import AuthSignals
public import Foundation

/// What became of a visit to a provider.
public struct ProviderReturn: Sendable {
    public var result: FlowResult
    /// Where the visitor wanted to be; nil where they said nothing, or the visit is not one of theirs.
    public var callbackURL: URL?
    public var process: SocialLoginSnapshot.Process
    /// `error` for the query of that address; nil where they are logged in, or a step of the log-in waits.
    ///
    /// Source: allauth `headless/socialaccount/internal.py:complete_login`.
    public var error: Refusal.Code?
    /// For the log: the provider's fault, without tokens or anything personal.
    public var fault: SocialProviderError?
}

extension Accounts {
    /// Goes on with a visitor who comes back from a provider: redeems what they bring, and logs in, signs up
    /// or connects as the visit was begun for.
    ///
    /// The visit is taken from the session before the provider is asked, so that nothing works twice.
    ///
    /// - Parameters:
    ///   - provider: the one whose callback was called; another's answer is none (RFC 9207's mix-up).
    ///   - parameters: the query's, or the form's, members.
    public func returnFromProvider(
        _ provider: String, _ parameters: [String: String], _ visit: Visit
    ) async throws -> ProviderReturn {
        let state = parameters["state"] ?? ""
        guard let begun = try await step(visit, { try $0.takeProviderVisit(state) }),
            begun.provider == provider, let provider = self.provider(provider)
        else {
            return ProviderReturn(
                result: .refused(Refusal(.unknown, "This visit is unknown, or too long ago.")),
                process: .login,
                error: .unknown)
        }
        var back = ProviderReturn(result: .done, callbackURL: begun.callbackURL, process: begun.process)
        do {
            let identity = try await provider.identity(
                for: AuthorizationCallback(
                    parameters: parameters, redirectURI: begun.redirectURI,
                    codeVerifier: begun.codeVerifier, nonce: begun.nonce))
            back.result = try await completeSocialLogin(identity, provider, begun.process, visit)
        } catch let error as SocialProviderError {
            back.result = .refused(.redirect(error))
            back.fault = error
        }
        back.error = back.result.errorOfReturn
        return back
    }
}

extension Step {
    /// Takes a visit to a provider out of the caller's session; nil where it is none of theirs, or lapsed.
    func takeProviderVisit(_ state: String) throws -> ProviderVisit? {
        guard let session = try session(),
            let begun = session.state.providerVisits.first(where: { $0.state == state })
        else { return nil }
        _ = try remember { $0.providerVisits.removeAll { $0.state == state } }
        return begun.startedAt + settings.social.stateAge > now ? begun : nil
    }
}

extension FlowResult {
    /// What a front end is told in its address.
    fileprivate var errorOfReturn: Refusal.Code? {
        switch self {
        case .authenticated, .done, .redirect: nil
        // Neither logged in nor on the way.
        case .unauthenticated(let pending): pending.flows.isEmpty ? .unknown : nil
        case .reauthenticationRequired: .reauthenticationRequired
        case .closed: .signupClosed
        case .forbidden(let code): code
        case .refused(let refusals): refusals.first?.code ?? .unknown
        default: .unknown
        }
    }
}
