// SPDX-License-Identifier: Apache-2.0
import AuthSignals
import BrokerSupport
import CRabbitMQ
import Foundation
import Testing
import ToolSupport

@testable import AuthBroker

@Suite(.needsBroker) struct MissingPermissionTests {
    /// The permissions of a user.
    private typealias Patterns = PermissionPatterns

    @Test
    func `every access error names the missing permission and a command that adds it to the existing ones`()
        async throws
    {
        try await BrokerWorld.with { world in
            try await world.admin.declareExchange()
            try await world.admin.declare(world.topology)
            let queue = world.topology.queue
            let signals = world.direct.exchange
            let all = Patterns(configure: ".*", write: ".*", read: ".*")
            try await world.withUser(all) { user in
                func change(_ edit: (inout Patterns) -> Void) -> Patterns {
                    var patterns = all
                    edit(&patterns)
                    return patterns
                }
                let other = "^other$"
                try await user.expect(
                    "configure permission on the exchange \(signals)", change { $0.configure = other }
                ) {
                    channel throws(BrokerError) in try channel.declareExchange(signals, type: "topic")
                }
                try await user.expect("permission on the queue \(queue)", change { $0.configure = "" }) {
                    channel throws(BrokerError) in
                    try channel.declareQueue(queue, world.topology.queues[0].arguments)
                }
                try await user.expect(
                    "write permission on the exchange \(queue).x", change { $0.write = other }
                ) {
                    channel throws(BrokerError) in
                    // The broker checks this when the queue is declared.
                    try channel.declareQueue("\(queue).new", world.topology.queues[0].arguments)
                }
                try await world.perform { channel throws(BrokerError) in
                    try channel.deleteQueue("\(queue).new")
                }
                try await user.expect("write permission on the queue \(queue)", change { $0.write = "" }) {
                    channel throws(BrokerError) in try channel.bind(queue, to: signals, key: "a.b")
                }
                try await user.expect(
                    "read permission on the exchange \(signals)", change { $0.read = other }
                ) {
                    channel throws(BrokerError) in try channel.bind(queue, to: signals, key: "a.b")
                }
                try await user.expect("read permission on the queue \(queue)", change { $0.read = "" }) {
                    channel throws(BrokerError) in try channel.consume(queue, as: "c", prefetch: 1)
                }
                try await user.expect("read permission on the queue \(queue)", change { $0.read = other }) {
                    channel throws(BrokerError) in
                    _ = try channel.get(queue)
                    try channel.settle()
                }
                try await user.expect(
                    "write permission on the exchange \(signals)", change { $0.write = other }
                ) {
                    channel throws(BrokerError) in
                    try channel.selectConfirms()
                    _ = try channel.publishAndWait(.keyed("a.b"), exchange: signals)
                }
            }
        }
    }

    @Test func `the suggested command grants access to a virtual host, and a missing one is named`()
        async throws
    {
        let broker = try await PrivateBroker.shared
        let name = "t\(UInt32.random(in: 0...UInt32.max))"
        try await broker.addVirtualHost(name)
        try await broker.addUser(name, password: "password")
        var url = try BrokerURL(broker.url)
        (url.user, url.password, url.virtualHost) = (name, "password", name)
        let admin = BrokerAdmin(BrokerSettings(urls: [url]))
        let refused = try await #require(throws: BrokerError.self) { try await admin.check() }
        #expect(refused.missing?.rights == [])
        #expect(refused.message.contains("needs access to the virtual host \(name)"))
        try await broker.shell(try #require(refused.missing).grantCommand)
        try await admin.check()

        url.virtualHost = "not-there"
        let missing = try await #require(throws: BrokerError.self) {
            try await BrokerAdmin(BrokerSettings(urls: [url])).check()
        }
        #expect(missing.message.contains("rabbitmqctl add_vhost not-there"))
        (url.virtualHost, url.password) = (name, "sesame")
        let wrong = try await #require(throws: BrokerError.self) {
            try await BrokerAdmin(BrokerSettings(urls: [url])).check()
        }
        #expect(wrong.message.contains("rabbitmqctl authenticate_user \(name)"))
        #expect(!wrong.message.contains("sesame"))
        try await broker.deleteUser(name)
        try await broker.deleteVirtualHost(name)
    }

    @Test func `the suggested command grants a missing topic permission`() async throws {
        try await BrokerWorld.with { world in
            try await world.admin.declareExchange()
            try await world.admin.declare(world.topology)
            let (exchange, broker) = (world.direct.exchange, world.broker)
            try await world.withUser(Patterns(configure: ".*", write: ".*", read: ".*")) { user in
                try await broker.setTopicPermissions(
                    of: user.name, on: exchange, write: #"^account\."#, read: "")
                let refused = try await user.refusal { channel throws(BrokerError) in
                    try channel.selectConfirms()
                    _ = try channel.publishAndWait(.keyed("other.key"), exchange: exchange)
                }
                #expect(
                    refused.missing?.summary.contains("write permission on the routing key other.key") == true
                )
                try await broker.shell(try #require(refused.missing).grantCommand)
                for key in ["other.key", "account.key"] {
                    try await user.admin.perform { channel throws(BrokerError) in
                        try channel.selectConfirms()
                        _ = try channel.publishAndWait(.keyed(key), exchange: exchange)
                    }
                }
                let bind = try await user.refusal { channel throws(BrokerError) in
                    try channel.bind(world.topology.queue, to: exchange, key: "x.#")
                }
                #expect(bind.missing?.rights == [.read])
                try await broker.shell(try #require(bind.missing).grantCommand)
                let listed = try await broker.ctl(
                    "list_user_topic_permissions", user.name, "--no-table-headers")
                #expect(listed.contains(#"^account\.|^other\.key$"#))
                #expect(listed.contains(#"^x\.#$"#))
            }
        }
    }

    @Test func `other ACCESS_REFUSED texts stay unchanged`() {
        let text = "ACCESS_REFUSED - queue 'q' in vhost '/' in exclusive use"
        let error = BrokerError.accessRefused(text, replyCode: 403, .consume)
        #expect(error.message == text)
        #expect(error.missing == nil)
    }

    @Test(arguments: ["plain.name", "it's", "a b", "$(x)`y`\"z\"", #"back\slash"#, "*?[a]", "ünder", ""])
    func `quoted names pass through a shell unchanged`(name: String) async throws {
        let printed = try await Tool.run("sh", ["-c", "printf %s \(name.shellWord)"])
        #expect(String(decoding: printed, as: UTF8.self) == name)
        // The pattern for one name matches only that name.
        let pattern = try Regex(PermissionPatterns.exactly(name))
        #expect(name.wholeMatch(of: pattern) != nil)
        #expect("x\(name)".firstMatch(of: pattern) == nil)
    }
}

/// A user of the shared broker, whose permissions change.
private struct TrialUser {
    let name: String
    let broker: PrivateBroker
    let admin: BrokerAdmin
    let initial: PermissionPatterns

    func set(_ patterns: PermissionPatterns) async throws {
        try await broker.setPermissions(
            of: name, configure: patterns.configure, write: patterns.write, read: patterns.read)
    }

    func refusal(
        _ body: @escaping @Sendable (Channel) throws(BrokerError) -> Void
    ) async throws -> BrokerError {
        let error = try await #require(throws: BrokerError.self) { try await admin.perform(body) }
        #expect(error.code == .accessRefused)
        return error
    }

    /// Revokes permissions, then runs the command that the error suggests: the action must work again, and the other
    /// permissions must be kept.
    func expect(
        _ words: String, _ patterns: PermissionPatterns,
        _ body: @escaping @Sendable (Channel) throws(BrokerError) -> Void
    ) async throws {
        try await set(patterns)
        let refused = try await refusal(body)
        #expect(refused.message.contains(words), "\(refused.message)")
        let missing = try #require(refused.missing)
        #expect(refused.message.contains(missing.grantCommand))
        try await broker.shell(missing.grantCommand)
        try await admin.perform(body)
        let granted = try #require(try await broker.permissions(of: name)["/"])
        for (right, column) in zip(MissingPermission.Right.allCases, granted) {
            let kept = patterns[right]
            let added = (kept.isEmpty ? "" : kept + "|") + PermissionPatterns.exactly(missing.name)
            #expect(column == (missing.rights.contains(right) ? added : kept))
        }
    }
}

extension BrokerWorld {
    fileprivate func withUser(
        _ patterns: PermissionPatterns, _ body: @Sendable (TrialUser) async throws -> Void
    ) async throws {
        let name = "\(topology.queue)-user"
        try await broker.addUser(name, password: "password")
        var settings = direct
        (settings.urls[0].user, settings.urls[0].password) = (name, "password")
        let user = TrialUser(
            name: name, broker: broker, admin: BrokerAdmin(settings), initial: patterns)
        try await user.set(patterns)
        do { try await body(user) } catch {
            try? await broker.deleteUser(name)
            throw error
        }
        try await broker.deleteUser(name)
    }
}

extension Channel {
    /// Waits until the broker answers or closes the channel.
    fileprivate func settle() throws(BrokerError) {
        let end = ContinuousClock.now + .seconds(10)
        let answer = Answer()
        while !answer.hasCome, ContinuousClock.now < end {
            try step(waitingFor: .milliseconds(50), wantsToWrite: false, answer)
        }
    }

    private final class Answer: EventReceiver {
        var hasCome = false
        func receive(_ event: CRMQEvent) { hasCome = true }
    }
}
