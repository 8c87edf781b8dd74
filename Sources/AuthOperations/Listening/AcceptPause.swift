// SPDX-License-Identifier: Apache-2.0
import Foundation
import Logging
import NIOCore

/// Takes no connections for a while after the system had no descriptor or no memory for one.
///
/// The connection stays in the system's queue, and epoll would report the same socket as readable again at
/// once: without a pause a core is busy with nothing else (NIO's own back-off delays the next read, but leaves
/// the socket registered).
final class AcceptPause: ChannelInboundHandler {
    typealias InboundIn = any Channel

    private let logger: Logger
    private var resumption: Scheduled<Void>?
    private var isLogged = false

    private static let pause = TimeAmount.milliseconds(500)
    private static let passing: Set<CInt> = [EMFILE, ENFILE, ENOBUFS, ENOMEM]

    init(logger: Logger) { self.logger = logger }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if let error = error as? IOError, Self.passing.contains(error.errnoCode) { stop(context, error) }
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
                "no connection can be accepted: the process has no file descriptor or memory left for one; raise its limit, or lower HTTP_MAX_CONNECTIONS",
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
