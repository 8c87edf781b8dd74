// SPDX-License-Identifier: Apache-2.0
import Foundation
import Testing

/// The compose file and the manifests are text that no compiler reads: what they refer to must exist.
@Suite("Shipped deployments") struct DeploymentTests {
    private static let compose = Repository.File(path: "docker-compose.yml")
    private static let manifests = Repository.files(under: "deploy/kubernetes", ending: ["yaml"])

    /// The names of all settings, from `deploy/env.example`.
    private static func settings() throws -> Set<String> {
        Set(
            try Repository.File(path: "deploy/env.example").text.matches(
                of: #/^#?([A-Z][A-Z0-9_]*)=/#.anchorsMatchLineEndings()
            ).map { String($0.1) })
    }

    /// The first capture of every match, sorted and without repetitions.
    private static func matches(
        of pattern: Regex<(Substring, Substring)>, in file: Repository.File
    ) throws -> [String] {
        Set(try file.text.matches(of: pattern.anchorsMatchLineEndings()).map { String($0.1) }).sorted()
    }

    @Test func `the files that the compose file mounts exist`() throws {
        let mounts = try Self.matches(of: #/- \.\/([^:\s]+):/#, in: Self.compose)
        #expect(mounts.contains("deploy/cluster/haproxy.cfg"))
        for path in mounts {
            #expect(
                FileManager.default.fileExists(atPath: Repository.root.appending(path: path).path), "\(path)")
        }
    }

    @Test func `the volumes that the compose file mounts are declared`() throws {
        let declared = try Self.matches(of: #/^  ([a-z0-9-]+):$/#, in: Self.compose)
        for volume in try Self.matches(of: #/- ([a-z][a-z0-9-]*):\//#, in: Self.compose) {
            #expect(declared.contains(volume), "\(volume)")
        }
    }

    @Test func `every setting of the compose file is documented`() throws {
        let foreign: Set = [
            "POSTGRES_PASSWORD", "RABBITMQ_ERLANG_COOKIE", "GF_AUTH_ANONYMOUS_ENABLED",
            "GF_AUTH_DISABLE_LOGIN_FORM", "GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH",
        ]
        let known = try Self.settings().union(foreign)
        let used = try Self.matches(of: #/^ +([A-Z][A-Z0-9_]+): /#, in: Self.compose)
        #expect(used.contains("STORE_URL"))
        for name in used { #expect(known.contains(name), "\(name)") }
    }

    @Test func `every setting of the manifests is documented`() throws {
        let known = try Self.settings()
        #expect(Self.manifests.count >= 7)
        for file in Self.manifests {
            let used =
                try Self.matches(of: #/^ +([A-Z][A-Z0-9_]+): /#, in: file)
                + Self.matches(of: #/^ +- name: ([A-Z][A-Z0-9_]+)$/#, in: file)
            for name in used { #expect(known.contains(name), "\(name) in \(file)") }
        }
    }

    @Test(arguments: ["auth-signals", "auth-consumer"])
    func `pods that share a database share no volume, and one always runs`(name: String) throws {
        let text = try Repository.File(path: "deploy/kubernetes/postgres/\(name).yaml").text
        #expect(text.contains("kind: Deployment\n"))
        #expect(text.contains("  replicas: 2\n"))
        #expect(text.contains("kind: PodDisruptionBudget\n"))
        #expect(text.contains("  minAvailable: 1\n"))
        for volume in ["persistentVolumeClaim", "volumeClaimTemplates", "ReadWriteMany", "sqlite:"] {
            #expect(!text.contains(volume), "\(volume)")
        }
    }

    @Test func `a pod that is replaced serves until proxies have removed it`() throws {
        let file = Repository.File(path: "deploy/kubernetes/postgres/auth-signals.yaml")
        #expect(try file.text.contains("      maxUnavailable: 0\n"))
        let pause = try #require(
            Int(try Self.matches(of: #/command: \["sleep", "([0-9]+)"\]/#, in: file).joined()))
        let grace = try #require(
            Int(try Self.matches(of: #/terminationGracePeriodSeconds: ([0-9]+)/#, in: file).joined()))
        // The executables stop by themselves within 30 s.
        #expect(grace >= pause + 30)
    }

    @Test func `the proxy, the databases and the brokers of the cluster are services of the compose file`()
        throws
    {
        let services = try Self.matches(of: #/^  ([a-z0-9-]+):$/#, in: Self.compose)
        let proxy = Repository.File(path: "deploy/cluster/haproxy.cfg")
        let servers = try Self.matches(of: #/server [a-z0-9-]+ ([a-z0-9-]+):8080/#, in: proxy)
        #expect(servers == services.filter { $0.wholeMatch(of: #/auth-signals-[0-9]/#) != nil })
        #expect(servers.count == 2)

        let broker = Repository.File(path: "deploy/cluster/rabbitmq/rabbitmq.conf")
        let nodes = try Self.matches(of: #/= rabbit@([a-z0-9-]+)$/#, in: broker)
        #expect(nodes.count == 3)
        #expect(nodes == (try Self.matches(of: #/hostname: (rabbitmq-[0-9])$/#, in: Self.compose)))

        let script = Repository.File(path: "deploy/cluster/postgres/certificates")
        let certified = try Self.matches(of: #/for host in (.*); do/#, in: script).joined()
        let hosts = try Self.matches(of: #/postgres:\/\/[^@\n]*@([^/]*)\//#, in: Self.compose)
        #expect(hosts == [certified.replacing(" ", with: ",")])
    }

    @Test func `the compose file publishes the ports of the addresses that it prints`() throws {
        let printed = try Self.matches(
            of: #/http:\/\/localhost:([0-9]+)/#, in: Repository.File(path: "deploy/open"))
        #expect(printed == ["15672", "8025", "8080"])
        let published = try Self.matches(of: #/- "127\.0\.0\.1:([0-9]+):/#, in: Self.compose)
        for port in printed { #expect(published.contains(port), "\(port)") }
        // No port is published on another address.
        #expect(!(try Self.compose.text.contains(#/- "?[0-9]+:[0-9]+/#)))
        #expect(try Self.compose.text.contains("  open:\n    <<: *once\n"))
    }

    @Test func `the servers of the profile tls are those that have a certificate`() throws {
        let script = Repository.File(path: "deploy/tls/certificates")
        let names = try Self.matches(of: #/^sign ([a-z-]+) \//#, in: script)
        #expect(names == ["localhost", "rabbitmq-tls"])
        let brokers = try Self.matches(of: #/amqps:\/\/[^@\n]*@([a-z-]+):5671/#, in: Self.compose)
        #expect(brokers == ["rabbitmq-tls"])
        let proxy = try Repository.File(path: "deploy/tls/haproxy.cfg").text
        #expect(proxy.contains("bind :8443 ssl crt /tls/bundle.pem"))
        #expect(proxy.contains("server auth-signals-tls auth-signals-tls:8080 "))
        #expect(try Repository.File(path: "deploy/tls/rabbitmq.conf").lines.contains("listeners.tcp = none"))
    }

    @Test func `Prometheus scrapes the processes of the compose file, and the collector receives OTLP`()
        throws
    {
        let file = Repository.File(path: "deploy/prometheus/prometheus.yml")
        let targets = try Self.matches(of: #/targets: \["([a-z-]+):9090"\]/#, in: file)
        #expect(targets == ["auth-consumer", "auth-signals"])
        let jobs = try Self.matches(of: #/job_name: ([a-z-]+)/#, in: file)
        #expect(jobs == targets)
        let rules = try Repository.File(path: "deploy/prometheus/alerts.yml").text
        #expect(rules.contains(#"up{job=~"auth-signals|auth-consumer"}"#))
        let collector = try Repository.File(path: "deploy/collector/config.yaml").text
        #expect(collector.contains("endpoint: 0.0.0.0:4318"))
        // Both executables have the setting; without the variable in the shell it is empty, which means not set.
        let setting = "OTEL_EXPORTER_OTLP_ENDPOINT: ${OTEL_EXPORTER_OTLP_ENDPOINT:-}\n"
        #expect(try Self.compose.text.components(separatedBy: setting).count == 3)
    }

    @Test func `a policy of the brokers spreads the leaders of all queues over the nodes`() throws {
        let file = Repository.File(path: "deploy/rabbitmq/definitions.json")
        let definitions = try JSONDecoder().decode(Definitions.self, from: Data(try file.text.utf8))
        let policy = try #require(definitions.policies.first { $0.definition.leaderLocator != nil })
        #expect(policy.definition.leaderLocator == "balanced")
        #expect(policy.vhost == "auth")
        #expect(policy.pattern == ".*")
        #expect(policy.scope == "queues")
        // The nodes of the cluster load it.
        let mounted = try Self.compose.text.matches(
            of: #/\.\/deploy\/rabbitmq\/definitions\.json:\/etc\/rabbitmq\/definitions\.json/#)
        #expect(mounted.count >= 1)
    }

    @Test(arguments: ["deploy/rabbitmq/rabbitmq.conf", "deploy/cluster/rabbitmq/rabbitmq.conf"])
    func `a broker's node stops when it does not see the majority`(path: String) throws {
        let lines = try Repository.File(path: path).lines
        #expect(lines.contains("cluster_partition_handling = pause_minority"))
        #expect(lines.contains("load_definitions = /etc/rabbitmq/definitions.json"))
    }

    /// The part of RabbitMQ's definitions that is tested.
    private struct Definitions: Decodable {
        struct Policy: Decodable {
            struct Definition: Decodable {
                var leaderLocator: String?

                enum CodingKeys: String, CodingKey { case leaderLocator = "queue-leader-locator" }
            }

            var vhost: String
            var pattern: String
            var scope: String
            var definition: Definition

            enum CodingKeys: String, CodingKey {
                case vhost, pattern, definition
                case scope = "apply-to"
            }
        }

        var policies: [Policy]
    }
}
