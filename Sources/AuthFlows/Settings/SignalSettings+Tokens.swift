// SPDX-License-Identifier: Apache-2.0
public import AuthSignals

extension SignalSettings {
    /// The codec for these settings. It seals providers' tokens if `SIGNALS_TOKEN_KEYS` is set.
    public var sealingCodec: SignalCodec {
        SignalCodec(
            source: source, schemaBase: schemaBase, appID: appID, profile: payload,
            tokenSealer: tokenKeys.map { JWETokenSealer($0, includesRefreshToken: sendsRefreshTokens) })
    }
}
