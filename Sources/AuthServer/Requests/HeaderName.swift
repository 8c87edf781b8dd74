// SPDX-License-Identifier: Apache-2.0
import Hummingbird

/// The name of a header. Hummingbird exposes the type only as part of the element type of its fields.
typealias HeaderName = HTTPFields.Element.Name

extension HeaderName {
    static let sessionToken = HeaderName("X-Session-Token")!
    static let csrfToken = HeaderName("X-CSRFToken")!
    static let emailVerificationKey = HeaderName("X-Email-Verification-Key")!
    static let passwordResetKey = HeaderName("X-Password-Reset-Key")!
    static let forwardedFor = HeaderName("X-Forwarded-For")!
    /// The headers that proxies add to forwarded requests.
    static let forwarding = [
        "X-Forwarded-For", "Forwarded", "X-Real-IP", "CF-Connecting-IP", "True-Client-IP", "X-Client-IP",
        "X-Cluster-Client-IP", "Fastly-Client-IP", "Fly-Client-IP", "X-Forwarded-Proto", "X-Forwarded-Host",
    ].compactMap { HeaderName($0) }
    static let xFrameOptions = HeaderName("X-Frame-Options")!
    static let referrerPolicy = HeaderName("Referrer-Policy")!
}
