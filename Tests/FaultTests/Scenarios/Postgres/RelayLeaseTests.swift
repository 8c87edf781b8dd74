// SPDX-License-Identifier: Apache-2.0
import AuthTesting
import FaultSupport
import Foundation
import PostgresSupport
import ProgramSupport
import Testing

extension Faults.Postgres {
    @Suite struct RelayLeaseTests {
        @Test func `the order is kept if the connection of the relay lease is ended or its holder is killed`()
            async throws
        {
            let schema = try await FaultPostgres.schema()
            let fault = "connection of the relay lease ended, its holder killed: another relay takes over"
            try await Trial("P2", fault).run(database: schema.url) { world in
                let worker = try world.actor("work")
                var relays = [try world.actor("relay")]
                _ = try await eventualValue("a relay holds the lease") {
                    try await schema.relayLeaseHolder()
                }
                relays.append(try world.actor("relay"))
                try await world.withWriter(4) {
                    for _ in 0..<TrialSettings.kills {
                        try await world.confirmed(world.number(in: 20...200))
                        try await schema.endRelayLease(within: .seconds(30))
                        try await world.confirmed(world.number(in: 20...200))
                        // Either the holder, so that the other one takes over, or the one that waits.
                        try await relays.removeFirst().stop(SIGKILL)
                        relays.append(try world.actor("relay"))
                    }
                    try await world.confirmed(100)
                }
                try await world.drain()
                for relay in relays { try await relay.stop() }
                try await worker.stop()
            }
        }

        @Test func `a relay that waits for the lease holds it within 10 s after its holder was killed`()
            async throws
        {
            let schema = try await FaultPostgres.schema()
            let fault = "holder of the relay lease killed with SIGKILL while another relay waits for it"
            try await Trial("P2 b", fault).run(database: schema.url) { world in
                let worker = try world.actor("work")
                var holder = try world.actor("relay")
                var lease = try await eventualValue("a relay holds the lease") {
                    try await schema.relayLeaseHolder()
                }
                try await world.withWriter(4) {
                    for _ in 0..<TrialSettings.kills {
                        let next = try world.actor("relay")
                        try await eventually("the next relay waits for the lease") {
                            try await schema.isRelayLeaseAwaited()
                        }
                        try await world.confirmed(world.number(in: 20...200))
                        try await holder.stop(SIGKILL)
                        lease = try await schema.newRelayLeaseHolder(after: lease, within: .seconds(10))
                        holder = next
                    }
                    try await world.confirmed(100)
                }
                try await world.drain()
                try await holder.stop()
                try await worker.stop()
            }
        }

        @Test func `a relay that was frozen while another one took over publishes only duplicates`()
            async throws
        {
            let schema = try await FaultPostgres.schema()
            let fault = "relay frozen (SIGSTOP), another one takes over, the first one continues"
            try await Trial("P6", fault).run(database: schema.url) { world in
                let worker = try world.actor("work")
                var frozen = try world.actor("relay")
                _ = try await eventualValue("a relay holds the lease") {
                    try await schema.relayLeaseHolder()
                }
                var other = try world.actor("relay")
                try await world.withWriter(4) {
                    for round in 0..<TrialSettings.kills {
                        try await world.confirmed(world.number(in: 20...200))
                        let lease = try await schema.freezeRelay(frozen)
                        // The server ends the session of a silent holder after 12 s; the other rounds do not wait for it.
                        if round > 0 { try await schema.server.psql("SELECT pg_terminate_backend(\(lease))") }
                        _ = try await schema.newRelayLeaseHolder(after: lease, within: .seconds(40))
                        try await world.confirmed(world.number(in: 20...200))
                        frozen.send(SIGCONT)
                        (frozen, other) = (other, frozen)
                    }
                    try await world.confirmed(100)
                }
                try await world.drain()
                try await frozen.stop()
                try await other.stop()
                try await worker.stop()
                #expect(frozen.log.contains("relay lease lost") || other.log.contains("relay lease lost"))
            }
        }
    }
}
