// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import Hummingbird

extension TrustedOrigins {
    /// Whether the request comes from a trusted page as far as the browser tells: by `Origin`, else by
    /// `Referer`. A client that tells neither is left to its token.
    func trusts(_ headers: HTTPFields) -> Bool {
        if let origin = headers[.origin] { return trusts(origin) }
        if let referer = headers[.referer] { return trusts(referer) }
        return true
    }
}
