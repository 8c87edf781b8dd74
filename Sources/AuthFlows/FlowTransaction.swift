// SPDX-License-Identifier: Apache-2.0
public import AuthSignals
import Foundation

/// The context of a call: the session token and the request.
public struct FlowContext: Sendable {
    /// The token that the client sent; nil if it sent none.
    public var token: SessionToken?
    /// The request, as signals contain it.
    public var request: SignalRequest
    /// The language that the client asks for; nil if it names none of ``AccountSettings/languages``. Signals do not
    /// contain it.
    public var language: Language?

    public init(
        token: SessionToken? = nil, request: SignalRequest = SignalRequest(), language: Language? = nil
    ) {
        self.token = token
        self.request = request
        self.language = language
    }
}

/// The part of a flow that runs in one transaction, with the operations that flows share.
struct FlowTransaction {
    let accounts: Accounts
    let transaction: any AccountTransaction
    let context: FlowContext

    var settings: AccountSettings { accounts.settings }
    var now: Date { transaction.now }
    var request: SignalRequest { context.request }

    /// The session of the caller's token, if it is still valid.
    func session() throws -> Session? {
        guard let token = context.token, let session = try transaction.session(tokenHash: token.hash),
            session.expiresAt > now
        else { return nil }
        if let id = session.userID, try transaction.user(id: id)?.isActive != true { return nil }
        return session
    }

    /// The logged-in user, with their session; nil if the caller is not logged in.
    func authentication() throws -> Authentication? {
        guard let session = try session(), let id = session.userID, let user = try transaction.user(id: id)
        else {
            return nil
        }
        return try authentication(of: user, session)
    }

    func authentication(of user: User, _ session: Session, newToken: SessionToken? = nil) throws
        -> Authentication
    {
        Authentication(
            user: user, emailAddresses: try transaction.emailAddresses(of: user.id), session: session,
            newToken: newToken)
    }

    /// The caller's current state: logged in, or the flows that are pending.
    ///
    /// - Parameters:
    ///   - newToken: the token of a session that this flow has opened.
    ///   - pending: the pending flows of that session.
    func currentResult(
        newToken: SessionToken? = nil, pending: [PendingAuthentication.Flow] = []
    ) throws -> FlowResult<Authentication> {
        if let newToken { return .unauthenticated(PendingAuthentication(flows: pending, newToken: newToken)) }
        if let authentication = try authentication() { return .success(authentication) }
        return .unauthenticated(try pendingAuthentication())
    }

    /// The pending flows of a caller who is not logged in.
    func pendingAuthentication() throws -> PendingAuthentication {
        try session()?.pending(settings, now) ?? PendingAuthentication()
    }

    /// The user in the form that payloads contain.
    func snapshot(of user: User) throws -> UserSnapshot { try transaction.snapshot(of: user) }

    /// The user's primary address, or the first one if none is primary.
    func mainAddress(of user: User) throws -> EmailAddress? {
        try transaction.emailAddresses(of: user.id).first
    }

    // MARK: Sessions

    /// Opens a user's session, which replaces the caller's session.
    func openSession(
        for user: User, methods: [AuthenticationRecord], remember: Bool?
    ) throws -> (Session, SessionToken) {
        if let former = try session() {
            try transaction.delete(former)
            if let id = former.userID, let owner = try transaction.user(id: id) {
                try emitSessionEnded(owner, former, because: .loggedOut)
            }
        }
        let token = SessionToken.random()
        var session = newSession(token, lifetime: settings.sessionAge)
        session.userID = user.id
        session.state.methods = methods
        session.state.remember = settings.sessionRemember ?? remember
        try transaction.insert(session)
        return (session, token)
    }

    /// Changes the state of the caller's session, and opens an anonymous session if they have none.
    ///
    /// - Returns: the session's token, if the session is new.
    func remember(_ change: (inout SessionState) -> Void) throws -> SessionToken? {
        if var session = try session() {
            change(&session.state)
            try see(&session)
            if session.userID == nil { session.expiresAt = now + settings.pendingAge }
            try transaction.update(session)
            return nil
        }
        let token = SessionToken.random()
        var session = newSession(token, lifetime: settings.pendingAge)
        change(&session.state)
        try transaction.insert(session)
        return token
    }

    /// Replaces the token of a session.
    func rotate(_ session: inout Session) throws -> SessionToken {
        let token = SessionToken.random()
        session.tokenHash = token.hash
        try see(&session)
        try transaction.update(session)
        return token
    }

    /// Records the time and the client of this request in a session: `session_client_changed` if a user's session was
    /// used by another client before.
    private func see(_ session: inout Session) throws {
        if let id = session.userID, session.isUsedByAnotherClient(in: request),
            let user = try transaction.user(id: id)
        {
            try emitClientChanged(user, session)
        }
        session.lastSeenAt = now
        // A request that does not say who it is leaves the client that is known.
        session.ip = request.ip ?? session.ip
        session.userAgent = request.userAgent ?? session.userAgent
    }

    /// Emits `session_client_changed`, from the client that is stored with the session to that of the request.
    func emitClientChanged(_ user: User, _ session: Session) throws {
        try transaction.emit(
            SessionClientChanged(
                request: request, user: snapshot(of: user), session: session.snapshot,
                fromClient: ClientSnapshot(ip: session.ip, userAgent: session.userAgent),
                toClient: ClientSnapshot(
                    ip: request.ip ?? session.ip, userAgent: request.userAgent ?? session.userAgent)))
    }

    private func newSession(_ token: SessionToken, lifetime: TimeInterval) -> Session {
        Session(
            id: .version7(at: now), tokenHash: token.hash, userID: nil, client: request.client,
            createdAt: now, expiresAt: (now + lifetime).wholeMilliseconds, lastSeenAt: now, ip: request.ip,
            userAgent: request.userAgent)
    }

    /// Ends a user's session: `user_logged_out`, `session_ended`.
    func logOut(
        _ user: User, _ session: Session, because reason: SessionEnded.Reason = .loggedOut
    ) throws {
        try transaction.emit(
            UserLoggedOut(request: request, user: snapshot(of: user), session: session.snapshot))
        try transaction.delete(session)
        try emitSessionEnded(user, session, because: reason)
    }

    /// Ends all sessions of a user except one: `session_ended` for each, the oldest first, with the reason `expired` for
    /// those that had expired and were not deleted yet.
    ///
    /// - Returns: how many had not expired.
    func endSessions(
        of user: User, except kept: Session.ID? = nil, because reason: SessionEnded.Reason
    ) throws -> Int {
        let sessions = try transaction.sessions(of: user.id, now: .distantPast).filter { $0.id != kept }
        let ended = try transaction.deleteSessions(of: user.id, except: kept)
        for session in sessions.reversed() {
            try emitSessionEnded(user, session, because: session.expiresAt > now ? reason : .expired)
        }
        return ended
    }

    func emitSessionEnded(_ user: User, _ session: Session, because reason: SessionEnded.Reason) throws {
        try transaction.emit(
            SessionEnded(
                request: request, user: snapshot(of: user), session: session.snapshot, reason: reason))
    }

    // MARK: Mail

    /// Queues a mail, with the values that every template may use.
    ///
    /// - Parameters:
    ///   - user: the user whose username the mail may contain.
    ///   - subject: the id of the user whose account it is about, if that is not `user`.
    ///   - reader: the user who will read the mail, whose language it has, if that is not `user`.
    func queueMail(
        _ template: MailDraft.Template, to email: String, user: User? = nil, about subject: String? = nil,
        readBy reader: User? = nil, values: [String: String] = [:], onAccepted: EmailConfirmationSent? = nil
    ) throws {
        var all = ["site_name": settings.siteName, "email": email]
        all["username"] = user?.username
        all.merge(values) { $1 }
        try transaction.queue(
            MailDraft(
                template, to: email, values: all, onAccepted: onAccepted, subject: subject ?? user?.subject,
                language: settings.language(of: reader ?? user, in: context)))
    }

    /// Queues a notification to the user's primary address, if `ACCOUNT_EMAIL_NOTIFICATIONS` is on.
    ///
    /// To an unverified address it contains neither the `User-Agent` nor the username: a client could otherwise mail a
    /// text of its choice to an address of its choice.
    func notify(
        _ template: MailDraft.Template, _ user: User, to email: String? = nil,
        values more: [String: String] = [:]
    ) throws {
        guard settings.emailNotifications else { return }
        guard let recipient = try email ?? mainAddress(of: user)?.email else { return }
        var values = more
        values["timestamp"] = now.wireText
        values["password_reset_url"] = settings.links.requestReset()
        values["ip"] = request.ip
        let isProved = try transaction.emailAddresses(of: user.id).contains {
            $0.isNamed(recipient) && $0.verified
        }
        if isProved { values["user_agent"] = request.userAgent }
        try queueMail(
            template, to: recipient, user: isProved ? user : nil, about: user.subject, readBy: user,
            values: values)
    }
}

extension AccountSettings {
    /// The lifetime of an anonymous session, in seconds: that of its longest-lived pending flow.
    var pendingAge: TimeInterval { max(loginTimeout, passwordResetCodeTimeout, social.stateAge) }
}
