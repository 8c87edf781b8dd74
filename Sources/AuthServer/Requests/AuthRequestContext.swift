// SPDX-License-Identifier: Apache-2.0
public import AuthFlows
import AuthSignals
public import Foundation
public import Hummingbird
import Logging

/// A Hummingbird request context that knows who is calling. Add ``AuthMiddleware`` to the router to have
/// ``identity`` filled.
///
/// ```swift
/// router.add(middleware: AuthMiddleware(accounts: accounts, configuration: configuration))
/// router.get("me") { _, context in try context.requireIdentity().user.id.wireText }
/// ```
public protocol AuthRequestContext: Hummingbird.RequestContext {
    /// Who is calling; nil where nobody is logged in.
    var identity: Authentication? { get set }
    /// Made by the server, UUID version 7: the `data.request.id` of every signal that this request causes.
    var requestID: UUID { get }
    /// The other end's address; nil where it has none.
    var peerAddress: String? { get }
}

extension AuthRequestContext {
    /// Who is calling.
    ///
    /// - Throws: `HTTPError` 401 where nobody is logged in.
    public func requireIdentity() throws -> Authentication {
        guard let identity else { throw HTTPError(.unauthorized) }
        return identity
    }
}

/// The ``AuthRequestContext`` of an application that needs no other.
public struct BasicAuthRequestContext: AuthRequestContext {
    public var coreContext: CoreRequestContextStorage
    public var identity: Authentication?
    public let requestID: UUID
    public let peerAddress: String?

    public init(source: ApplicationRequestContextSource) {
        coreContext = .init(source: source)
        requestID = .version7()
        peerAddress = source.channel.remoteAddress?.ipAddress
        logger[metadataKey: "request"] = .string(requestID.wireText)
    }
}
