// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import Hummingbird

extension TrustedOrigins {
    /// Whether the request comes from a trusted page according to `Origin`, or else `Referer`. Without both headers
    /// only the CSRF token protects the request.
    func trusts(_ headers: HTTPFields) -> Bool {
        if let origin = headers[.origin] { return trusts(origin) }
        if let referer = headers[.referer] { return trusts(referer) }
        return true
    }
}
