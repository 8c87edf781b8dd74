// SPDX-License-Identifier: Apache-2.0
import Foundation
import InMemoryLogging
import Logging
import NIOCore
import NIOEmbedded
import Testing

@testable import AuthServiceKit

@Suite struct AcceptPauseTests {
    /// Whether the socket accepts connections; `nil` if the option was not set.
    private func reading(_ channel: EmbeddedChannel) -> Bool? {
        channel.options.compactMap { option, value in
            option is ChannelOptions.Types.AutoReadOption ? value as? Bool : nil
        }.last
    }

    @Test(arguments: [EMFILE, ENFILE])
    func `without file descriptors the socket stops accepting for a while`(code: CInt) throws {
        let log = InMemoryLogHandler()
        let channel = EmbeddedChannel(
            handler: AcceptPause(logger: Logger(label: "test") { _ in log }))
        let error = IOError(errnoCode: code, reason: "accept")
        channel.pipeline.fireErrorCaught(error)
        channel.pipeline.fireErrorCaught(error)
        #expect(reading(channel) == false)
        channel.embeddedEventLoop.advanceTime(by: .milliseconds(500))
        #expect(reading(channel) == true)
        channel.pipeline.fireErrorCaught(error)
        #expect(reading(channel) == false)
        // The second error is not logged again.
        #expect(log.entries.count == 1)
        #expect(log.entries.first?.message.description.contains("file descriptor") == true)
        #expect(throws: IOError.self) { try channel.throwIfErrorCaught() }
        _ = try? channel.finish()
    }

    @Test func `ignores other errors`() throws {
        let channel = EmbeddedChannel(handler: AcceptPause(logger: Logger(label: "test")))
        channel.pipeline.fireErrorCaught(IOError(errnoCode: ECONNABORTED, reason: "accept"))
        #expect(reading(channel) == nil)
        _ = try? channel.finish()
    }

    @Test(arguments: [
        (4096, 1_000_000, 4096), (4096, 1024, 960), (4096, 128, 64), (4096, 64, 32), (8, 1024, 8), (64, 1, 1),
    ])
    func `reserves file descriptors for everything except connections`(wanted: Int, limit: Int, expected: Int)
    {
        let settings = ListenerSettings(
            setting: "HTTP_PORT", host: "127.0.0.1", port: 0, maximumConnections: wanted)
        #expect(settings.maximumConnections(descriptors: limit) == expected)
    }
}
