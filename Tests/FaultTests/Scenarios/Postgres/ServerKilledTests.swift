// SPDX-License-Identifier: Apache-2.0
import AuthTesting
import FaultSupport
import Foundation
import PostgresSupport
import ProgramSupport
import Testing

extension Faults.Postgres {
    @Suite struct ServerKilledTests {
        @Test func `no signal is lost if all processes of the server are killed under load`() async throws {
            let schema = try await FaultPostgres.schema()
            let fault = "PostgreSQL killed with SIGKILL under writers, relay and worker; restarted"
            try await Trial("P1", fault).run(database: schema.url) { world in
                let relay = try world.actor("relay")
                let worker = try world.actor("work")
                try await world.withWriter(4) {
                    for _ in 0..<TrialSettings.kills {
                        try await world.confirmed(world.number(in: 20...200))
                        try await schema.server.kill()
                        try await schema.server.restart()
                    }
                    try await world.confirmed(100)
                }
                try await world.drain()
                try await relay.stop()
                try await worker.stop()
            }
        }

        @Test func `no commit is lost if the primary is killed and its synchronous standby is promoted`()
            async throws
        {
            let primary = try await PrivatePostgres.start("--set", "fsync = on")
            let standby = try await PrivatePostgres.start(
                "--standby-of", primary.directory, "--set", "fsync = on")
            // Set on the primary only: after the promotion there is no standby to wait for.
            try await primary.psql("ALTER SYSTEM SET synchronous_standby_names = 'standby'")
            try await primary.psql("SELECT pg_reload_conf()")
            try await eventually(within: .seconds(60), "the standby is synchronous") {
                try await primary.psql("SELECT sync_state FROM pg_stat_replication") == "sync\n"
            }
            let schema = try await primary.schema()
            let url = schema.url.replacing(
                ":\(primary.port)/", with: ":\(primary.port),127.0.0.1:\(standby.port)/")
            let fault = "primary killed with SIGKILL, synchronous standby promoted"
            try await Trial("P3", fault).run(database: url) { world in
                let relay = try world.actor("relay")
                let worker = try world.actor("work")
                try await world.withWriter(4) {
                    try await world.confirmed(300)
                    try await primary.kill()
                    try await standby.promote()
                    try await world.confirmed(300)
                }
                try await world.drain()
                try await relay.stop()
                try await worker.stop()
            }
            try await standby.kill()
        }
    }
}
