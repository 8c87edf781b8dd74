// SPDX-License-Identifier: Apache-2.0
import AuthSignals
import Foundation

/// The sign-up form.
public struct SignUp: Sendable {
    public var email: String?
    public var username: String?
    public var password: Password?
    /// The repeated password, if `ACCOUNT_SIGNUP_FIELDS` asks for it.
    public var passwordAgain: Password?
    /// The value of the honeypot field, if the form has one.
    public var honeypot: String?
    /// An address that the application has verified already, by an invitation. If the user signs up with it, it is
    /// stored as verified and need not be confirmed. Never set it from a client's input.
    public var invitedEmail: String?

    public init(
        email: String? = nil, username: String? = nil, password: Password? = nil,
        passwordAgain: Password? = nil, honeypot: String? = nil
    ) {
        self.email = email
        self.username = username
        self.password = password
        self.passwordAgain = passwordAgain
        self.honeypot = honeypot
    }
}

extension Accounts {
    /// Creates an account: `user_signed_up`, and a log-in unless the address has to be verified first.
    ///
    /// If the address has an account and `ACCOUNT_PREVENT_ENUMERATION` is on, the result is the same as for a new
    /// account, the owner of the address gets a mail, and no signal is emitted.
    ///
    /// - Throws: ``PasswordHasherError`` if the hashing queue is full; the store's errors.
    public func signUp(_ form: SignUp, _ context: FlowContext = FlowContext()) async throws
        -> FlowResult<Authentication>
    {
        switch try await caller(context) {
        case .unknownToken: return .gone
        case .user: return .conflict
        case .anonymous: break
        }
        if let seconds = try await secondsUntilAllowed(.signup, context) {
            return .rateLimited(retryAfter: seconds)
        }
        guard settings.signupOpen, !settings.social.socialOnly, try await hooks.maySignUp(form, context)
        else {
            return .closed
        }
        if form.honeypot?.isEmpty == false {
            return try await withTransaction(context) { try $0.pretendSignUp(email: form.email) }
        }
        var refusals: [Refusal] = []
        let checked = check(form, &refusals)
        refusals += try await hooks.validateSignUp(form, context)
        guard refusals.isEmpty else { return .refused(refusals) }

        let form = checked
        let hash =
            if let password = form.password { try await passwords.hash(password) } else {
                nil as PasswordHash?
            }
        let allowance = try await confirmationAllowance(
            to: settings.emailVerification == .none ? nil : form.email, context)
        if let seconds = allowance.retryAfter { return .rateLimited(retryAfter: seconds) }
        return try await withTransaction(context) { try $0.signUp(form, hash, mayMail: allowance == .mail) }
    }

    private func check(_ form: SignUp, _ refusals: inout [Refusal]) -> CheckedSignUp {
        let checks = FieldChecks(settings: settings)
        var checked = CheckedSignUp()
        // Fields that ACCOUNT_SIGNUP_FIELDS does not list are ignored.
        if let required = settings.signupFields[.email] {
            checked.email = checks.email(form.email, required: required).get(refusals: &refusals) ?? nil
            checked.isInvited =
                checked.email != nil && checked.email == form.invitedEmail.map(EmailAddress.normalized)
        }
        if let required = settings.signupFields[.username] {
            checked.username =
                checks.username(form.username, required: required).get(refusals: &refusals) ?? nil
        }
        let password = form.password ?? Password("")
        if let required = settings.signupFields[.password1], required || !password.exposedText.isEmpty {
            checked.password = password
            refusals += PasswordRules(minLength: settings.passwordMinLength).refusals(
                of: password, field: "password",
                similarTo: [checked.email, checked.username].compactMap { $0 })
            refusals += hooks.validatePassword(password)
            if settings.signupFields[.password2] == true, let again = form.passwordAgain,
                again.exposedText != password.exposedText
            {
                refusals.append(Refusal(.passwordMismatch, field: "password2", .passwordMismatch))
            }
        }
        return checked
    }
}

/// A sign-up whose fields are valid.
struct CheckedSignUp: Sendable {
    var email: String?
    var username: String?
    var password: Password?
    /// Whether the application has verified the address already.
    var isInvited = false
}

extension FlowTransaction {
    /// Creates an account, and starts its log-in pipeline.
    func signUp(_ form: CheckedSignUp, _ hash: PasswordHash?, mayMail: Bool) throws
        -> FlowResult<Authentication>
    {
        if let username = form.username, try transaction.user(username: username) != nil {
            return .refused(.usernameTaken())
        }
        if let email = form.email {
            if form.isInvited, try transaction.emailAddresses(matching: email).contains(where: \.verified) {
                return .refused(.emailTaken(field: "email"))
            }
            switch form.isInvited ? .free : try availability(of: email) {
            case .free: break
            case .taken: return .refused(.emailTaken(field: "email"))
            case .concealed:
                return try pretendSignUp(
                    email: email, mailsOwner: mayMail,
                    ConcealedSignUp(username: form.username, hash, keys: accounts.keys))
            }
        }
        let user = try createUser(
            email: form.email, username: form.username, hash, isVerified: form.isInvited)
        let login = PendingLogin(
            userID: user.id, stage: .verifyEmail, methods: [], startedAt: now, signup: true,
            email: form.email, passwordMark: user.passwordMark)
        return try advance(login, of: user, mayMail: mayMail)
    }

    /// Creates a user: `user_signed_up`, and `signup_completed` if their address is verified.
    func createUser(
        email: String?, username: String?, _ hash: PasswordHash?, isVerified: Bool = false
    ) throws -> User {
        let user = User(
            id: .version7(at: now), username: username, dateJoined: now, passwordHash: hash,
            language: context.language)
        try transaction.insert(user)
        if let email {
            try transaction.insert(
                EmailAddress(
                    id: .version7(at: now), userID: user.id, email: email, verified: isVerified,
                    primary: true))
        }
        try transaction.emit(UserSignedUp(request: request, user: snapshot(of: user)))
        try beginSignup(of: user)
        try accounts.hooks.didSignUp(user, transaction)
        return user
    }

    /// Emits `signup_completed` for a new user who has a verified address, and otherwise records that it has to follow.
    func beginSignup(of user: User) throws {
        if let address = try transaction.emailAddresses(of: user.id).first(where: \.verified) {
            try emitSignupCompleted(user, address)
        } else {
            try transaction.beginSignup(of: user.id)
        }
    }

    /// Emits `signup_completed` when the first address of a user who has signed up is verified.
    func completeSignup(of user: User, with address: EmailAddress) throws {
        if try transaction.completeSignup(of: user.id) { try emitSignupCompleted(user, address) }
    }

    private func emitSignupCompleted(_ user: User, _ address: EmailAddress) throws {
        try transaction.emit(
            SignupCompleted(request: request, user: snapshot(of: user), emailAddress: address.snapshot))
    }

    /// Returns the same result as if an account had been created. The pending log-in cannot be completed, unless the
    /// caller changes the address.
    ///
    /// - Parameter concealed: the data to create an account from if the address is changed; nil if none is created.
    func pretendSignUp(
        email: String?, mailsOwner: Bool = false, _ concealed: ConcealedSignUp? = nil
    ) throws -> FlowResult<Authentication> {
        let email = EmailAddress.normalized(email ?? "").cut(toUTF8Bytes: 254)
        if mailsOwner { try mailAccountAlreadyExists(to: email) }
        let login = PendingLogin(
            userID: nil, stage: .verifyEmail, methods: [], startedAt: now, signup: true, email: email,
            concealed: settings.emailVerificationChanges > 0 ? concealed : nil)
        return try wait(
            login, settings.emailVerificationByCode ? [.verifyEmail: unknowableCode(email: email)] : [:])
    }

    /// Notifies the owner of an address of an attempt to sign up with it.
    ///
    /// The mail has the owner's language: the owner reads it, and the request may be another person's.
    func mailAccountAlreadyExists(to email: String) throws {
        let owner = try transaction.addressesLeadingIn(by: email).first.flatMap {
            try transaction.user(id: $0.userID)
        }
        try queueMail(
            .accountAlreadyExists, to: email, readBy: owner,
            values: [
                "password_reset_url": settings.links.requestReset(), "signup_url": settings.links.signUp(),
            ])
    }

    /// Whether an address may be signed up with.
    enum Availability {
        case free
        case taken
        /// It is taken, but the result must not reveal that.
        case concealed
    }

    /// Whether an address may be signed up with.
    ///
    /// It is free if its only rows are unverified and belong to accounts with other access. Mails to it give no access
    /// to those accounts, so the owner of the address could otherwise get no account at all.
    ///
    /// Source: allauth `flows/manage_email.py:assess_unique_email`.
    func availability(of email: String) throws -> Availability {
        if try transaction.addressesLeadingIn(by: email).isEmpty { return .free }
        if settings.preventEnumeration == .off { return .taken }
        // The owner of the address gets a mail in any case, so the result need not differ.
        if settings.emailVerification == .mandatory { return .concealed }
        // `strict` allows a second account with the address. Only one of them can ever verify it.
        return settings.preventEnumeration == .strict ? .free : .taken
    }
}
