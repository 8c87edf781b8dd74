// SPDX-License-Identifier: Apache-2.0
import AuthBroker
import AuthSignals
import AuthSQLiteStore
import AuthStore
import AuthTesting
import BrokerSupport
import FaultSupport
import Foundation
import Testing

extension Faults {
    @Suite struct RefusalTests {
        @Test func `signals wait until a wrong password and a revoked permission are corrected`()
            async throws
        {
            try await Trial("11", "wrong virtual host, wrong password, revoked permission").run { world in
                let user = "u\(world.number(in: 0...999_999))"
                let proxy = try LoopbackProxy(to: world.broker.port)
                defer { proxy.close() }
                var settings = try world.settings(through: proxy)
                settings.urls[0].user = user
                settings.urls[0].password = "right"
                var lost = settings
                lost.urls[0].virtualHost = "nowhere"
                try await world.broker.addUser(user, password: "wrong")
                try await world.withRelay(lost) { relay in
                    try await world.write(50)
                    try await world.refused(relay, .accessRefused)
                }
                try await world.withWorker { _ in
                    try await world.withRelay(settings) { relay in
                        try await world.refused(relay, .accessRefused)
                        try await world.broker.changePassword(of: user, to: "right")
                        try await world.broker.setPermissions(
                            of: user, configure: ".*", write: ".*", read: ".*")
                        try await world.drain()
                        try await world.broker.setPermissions(
                            of: user, configure: "^$", write: "^$", read: "^$")
                        // The broker caches a channel's permissions for a while.
                        proxy.cut()
                        try await world.write(50)
                        try await world.refused(relay, .accessRefused)
                        try await world.broker.setPermissions(
                            of: user, configure: ".*", write: ".*", read: ".*")
                        try await world.drain()
                    }
                }
                try await world.broker.deleteUser(user)
            }
        }

        @Test
        func `signals wait until an expired or mismatched certificate is replaced`()
            async throws
        {
            try await Trial("11 b", "expired certificate; certificate for another host name").run { world in
                let shared = try await FaultBroker.shared
                var settings = try world.settings
                settings.urls = [try BrokerURL(shared.node.tlsURL)]
                try await shared.encrypted.replaceCertificate(days: -1)
                try await world.write(50)
                try await world.withWorker { _ in
                    try await world.withRelay(settings) { relay in
                        try await world.refused(relay, .tls)
                        try await shared.encrypted.replaceCertificate(for: "DNS:elsewhere.example.org")
                        try await eventually(within: .seconds(60), "the host name was rejected") {
                            guard case .connecting(let error?) = relay.publisher.status else { return false }
                            return error.message.contains("another host name")
                        }
                        try await world.write(50)
                        try await shared.encrypted.replaceCertificate()
                        try await world.drain()
                        #expect(relay.publisher.status == .connected)
                    }
                }
            }
        }

        @Test
        func `connects to a broker that becomes available after the start, and skips unavailable hosts`()
            async throws
        {
            try await Trial(
                "12", "broker unavailable at the start; one of three hosts down, one unknown to DNS"
            ).run {
                world in
                let proxy = try LoopbackProxy(to: world.broker.port)
                defer { proxy.close() }
                proxy.setDown(true)
                var settings = try world.settings(through: proxy)
                settings.urls =
                    [
                        BrokerURL(host: "127.0.0.1", port: 1), BrokerURL(host: "no-such-host.invalid"),
                    ] + settings.urls
                try await world.withWorker(settings) { _ in
                    try await world.withRelay(settings) { relay in
                        try await world.write(200)
                        let since = ContinuousClock.now
                        try await eventually(within: .seconds(600), "it was unavailable for a while") {
                            ContinuousClock.now - since > .seconds(TrialSettings.seconds)
                        }
                        #expect(try await world.store.status().pending == 200)
                        proxy.setDown(false)
                        try await world.drain()
                    }
                }
            }
        }
    }
}

extension TrialWorld {
    /// Waits until the relay's connection fails with the given error, and checks that rows are still pending.
    fileprivate func refused(_ relay: TrialRelay, _ code: BrokerError.Code) async throws {
        try await eventually(within: .seconds(60), "the connection was refused: \(code)") {
            guard case .connecting(let error?) = relay.publisher.status else { return false }
            return error.code == code
        }
        #expect(try await store.status().pending > 0)
    }
}
