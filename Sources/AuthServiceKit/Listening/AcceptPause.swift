// SPDX-License-Identifier: Apache-2.0
import Foundation
import Logging
import NIOCore

/// Pauses accepting connections for a while after accept(2) failed for lack of file descriptors or memory.
///
/// The connection stays in the listen queue, and epoll reports the listening socket as readable again
/// immediately. Without a pause this loop would keep a core busy: NIO's own back-off delays the next read but
/// leaves the socket registered.
final class AcceptPause: ChannelInboundHandler {
    typealias InboundIn = any Channel

    private let logger: Logger
    private var resumption: Scheduled<Void>?
    private var isLogged = false

    private static let pause = TimeAmount.milliseconds(500)
    private static let transientErrors: Set<CInt> = [EMFILE, ENFILE, ENOBUFS, ENOMEM]

    init(logger: Logger) { self.logger = logger }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if let error = error as? IOError, Self.transientErrors.contains(error.errnoCode) {
            stop(context, error)
        }
        context.fireErrorCaught(error)
    }

    func channelInactive(context: ChannelHandlerContext) {
        resumption?.cancel()
        context.fireChannelInactive()
    }

    private func stop(_ context: ChannelHandlerContext, _ error: IOError) {
        if resumption != nil { return }
        if !isLogged {
            isLogged = true
            logger.warning(
                "accept failed: out of file descriptors or memory; raise the process's limit (ulimit -n) or lower HTTP_MAX_CONNECTIONS",
                metadata: ["errno": "\(error.errnoCode)"])
        }
        let channel = context.channel
        setReading(false, channel)
        resumption = context.eventLoop.assumeIsolated().scheduleTask(in: Self.pause) {
            self.resumption = nil
            self.setReading(true, channel)
        }
    }

    private func setReading(_ isReading: Bool, _ channel: any Channel) {
        try? channel.syncOptions?.setOption(.autoRead, value: isReading)
    }
}
