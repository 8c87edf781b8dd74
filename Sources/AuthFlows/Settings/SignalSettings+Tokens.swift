// SPDX-License-Identifier: Apache-2.0
public import AuthSignals

extension SignalSettings {
    /// The codec of this installation, which seals providers' tokens where `SIGNALS_TOKEN_KEYS` is set.
    public var sealingCodec: SignalCodec {
        SignalCodec(
            source: source, schemaBase: schemaBase, appID: appID, profile: payload,
            tokenSealer: tokenKeys.map { JWETokenSealer($0, includesRefreshToken: sendsRefreshTokens) })
    }
}
