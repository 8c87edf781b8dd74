// SPDX-License-Identifier: Apache-2.0

/// The signals of an application: those that this package declares, in the contract's order, then the application's
/// own.
///
/// An application registers its signals here, once; the printed catalogue, the served documents (`SchemaRoutes`), the
/// committed ones (``ContractFolder``) and ``Redaction`` treat them like those of this package:
///
/// ```swift
/// let catalog = try SignalCatalog(adding: [InvoicePaid.self])
/// SchemaRoutes(catalog, schemaBase: codec.schemaBase, exchange: broker.exchange).addRoutes(to: router)
/// let redaction = Redaction(of: catalog)
/// print(catalog.text(as: .markdown))
/// ```
public struct SignalCatalog: Sendable {
    /// The schemas of the signals.
    public let schemas: [SignalSchema]

    init(schemas: [SignalSchema]) { self.schemas = schemas }

    /// The signals of this package.
    public init() {
        // The schemas of these types can always be derived, which is tested.
        schemas = Self.all.compactMap { try? SignalSchema(of: $0) }
    }

    /// The signals of this package and of an application.
    ///
    /// - Throws: ``SignalError``: `notDescribable`, as ``SignalSchema/init(of:)``; `nameTaken` if a name has a first
    ///   word that this package reserves (``SignalName/reservedFamilies``), or if two signals have the same name.
    public init(adding own: [any Signal.Type]) throws(SignalError) {
        var schemas = Self().schemas
        var names = Set(schemas.map(\.name))
        for signal in own {
            let schema = try SignalSchema(of: signal)
            guard !schema.name.isReserved else {
                throw SignalError(
                    .nameTaken,
                    "the family of \(schema.name) is reserved; give the signal a name with another first word"
                )
            }
            guard names.insert(schema.name).inserted else {
                throw SignalError(
                    .nameTaken, "two signals are named \(schema.name); register each signal once")
            }
            schemas.append(schema)
        }
        self.schemas = schemas
    }

    /// The types of this package's signals.
    public static let all: [any Signal.Type] = [
        UserLoggedIn.self,
        UserLoggedOut.self,
        UserSignedUp.self,
        PasswordSet.self,
        PasswordChanged.self,
        PasswordReset.self,
        EmailConfirmed.self,
        EmailConfirmationSent.self,
        EmailChanged.self,
        EmailAdded.self,
        EmailRemoved.self,
        PreSocialLogin.self,
        SocialAccountAdded.self,
        SocialAccountUpdated.self,
        SocialAccountRemoved.self,
        AuthenticationStepCompleted.self,
        LoginCodeRejected.self,
        PasswordResetCodeRejected.self,
        EmailVerificationCodeRejected.self,
        LoginFailed.self,
        SignupCompleted.self,
        UserDeactivated.self,
        UserActivated.self,
        UserDeleted.self,
        UserSnapshotTaken.self,
        SessionClientChanged.self,
        SessionEnded.self,
    ]

    /// The names reserved for future signals.
    public static let reserved: [SignalName] = [
        "mfa.authenticator_added",
        "mfa.authenticator_removed",
        "mfa.authenticator_reset",
        "mfa.authenticator_used",
        "mfa.authentication_failed",
    ]
}
