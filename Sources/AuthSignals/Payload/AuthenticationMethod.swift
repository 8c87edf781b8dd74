// SPDX-License-Identifier: Apache-2.0

/// A method of authentication; open: accept unknown values.
public struct AuthenticationMethod: RawRepresentable, Hashable, Sendable, Codable {
    public var rawValue: String
    public init(rawValue: String) { self.rawValue = rawValue }

    public static let password = AuthenticationMethod(rawValue: "password")
    public static let code = AuthenticationMethod(rawValue: "code")
    public static let socialAccount = AuthenticationMethod(rawValue: "socialaccount")
    public static let passwordReset = AuthenticationMethod(rawValue: "password_reset")
    public static let mfa = AuthenticationMethod(rawValue: "mfa")
}

extension AuthenticationMethod: OpenEnumeration {
    public static let knownValues: [AuthenticationMethod] = [
        .password, .code, .socialAccount, .passwordReset, .mfa,
    ]
}
