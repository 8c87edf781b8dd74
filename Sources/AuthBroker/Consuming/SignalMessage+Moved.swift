// SPDX-License-Identifier: Apache-2.0
import AuthSignals

extension SignalMessage {
    /// The message as a copy may be published: with its own properties, but of the headers only the contract's.
    ///
    /// A copied `x-death` makes RabbitMQ 3.10 drop the message as a cycle, `CC` and `BCC` would route it
    /// elsewhere too.
    func moved(to routingKey: String) -> SignalMessage {
        var copy = self
        copy.routingKey = routingKey
        copy.headers = headers.filter { name, _ in
            name == HeaderName.subject || name == HeaderName.traceparent || name == HeaderName.tracestate
                || name.hasPrefix(HeaderName.ownPrefix)
        }
        return copy
    }
}
