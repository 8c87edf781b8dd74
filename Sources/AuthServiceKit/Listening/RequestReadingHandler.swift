// SPDX-License-Identifier: Apache-2.0
import NIOCore
import NIOHTTP1

/// Runs the actions of ``RequestReading``, and reports when the client has closed the connection. Its place in the
/// pipeline is directly after the HTTP decoder.
final class RequestReadingHandler: ChannelDuplexHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias InboundOut = HTTPServerRequestPart
    typealias OutboundIn = HTTPServerResponsePart
    typealias OutboundOut = HTTPServerResponsePart

    private var reading: RequestReading
    private let timeLimit: TimeAmount
    private let client: ClientConnection
    private var scheduled: Scheduled<Void>?

    /// How long the rest of a request may take once its response is sent.
    private static let shortTimeLimit = TimeAmount.seconds(5)

    /// - Parameters:
    ///   - bodyLimit: the longest announced body, in bytes, that is requested with 100.
    ///   - timeLimit: how long it may take to receive a request, from its head to its end.
    init(bodyLimit: Int, timeLimit: TimeAmount, client: ClientConnection) {
        reading = RequestReading(bodyLimit: bodyLimit)
        self.timeLimit = timeLimit
        self.client = client
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head): act(reading.receivedHead(RequestReading.Head(head)), context)
        case .body: reading.receivedBody()
        case .end:
            let actions = reading.receivedEnd()
            context.fireChannelRead(data)
            act(actions, context)
            return
        }
        context.fireChannelRead(data)
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        switch unwrapOutboundIn(data) {
        case .head(var head):
            if (100..<200).contains(head.status.code) { break }
            if reading.sendsHead() { head.headers.replaceOrAdd(name: "connection", value: "close") }
            context.write(wrapOutboundOut(.head(head)), promise: promise)
            return
        case .body where reading.dropsBody:
            promise?.succeed()
            return
        case .body: break
        case .end:
            let actions = reading.sentEnd()
            if actions.contains(.close) {
                context.writeAndFlush(data).assumeIsolated().whenComplete { _ in
                    context.close(mode: .all, promise: promise)
                }
            } else {
                context.write(data, promise: promise)
                act(actions, context)
            }
            return
        }
        context.write(data, promise: promise)
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        // The client sends nothing more. Whether it has closed the connection or only half of it is unknown.
        if case ChannelEvent.inputClosed? = event as? ChannelEvent { client.closed() }
        context.fireUserInboundEventTriggered(event)
    }

    func channelInactive(context: ChannelHandlerContext) {
        scheduled?.cancel()
        client.closed()
        context.fireChannelInactive()
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        scheduled?.cancel()
        client.closed()
    }

    private func act(_ actions: [RequestReading.Action], _ context: ChannelHandlerContext) {
        for action in actions {
            switch action {
            case .sendContinue:
                let head = HTTPResponseHead(version: .http1_1, status: .continue)
                context.writeAndFlush(wrapOutboundOut(.head(head)), promise: nil)
            case .startTimeLimit: start(timeLimit, context)
            case .startShortTimeLimit: start(min(timeLimit, Self.shortTimeLimit), context)
            case .stopTimeLimit: scheduled?.cancel()
            case .close: context.close(mode: .all, promise: nil)
            }
        }
    }

    private func start(_ limit: TimeAmount, _ context: ChannelHandlerContext) {
        scheduled?.cancel()
        scheduled = context.eventLoop.assumeIsolated().scheduleTask(in: limit) {
            context.close(mode: .all, promise: nil)
        }
    }
}

extension RequestReading.Head {
    init(_ head: HTTPRequestHead) {
        isHead = head.method == .HEAD
        length = head.headers.first(name: "content-length").flatMap { Int($0) }
        // The expectation of an HTTP/1.0 client is ignored, since it does not know interim responses.
        awaitsContinue =
            head.version.major == 1 && head.version.minor >= 1
            && (length ?? 0 > 0 || head.headers.contains(name: "transfer-encoding"))
            && head.headers[canonicalForm: "expect"].contains { $0.lowercased() == "100-continue" }
    }
}
