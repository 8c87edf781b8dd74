// SPDX-License-Identifier: Apache-2.0
import BrokerSupport
import CBare
import Foundation

/// The machine and the software versions of the measurements.
struct Machine: Codable, Sendable {
    var processor: String
    var processors: Int
    var load: String
    var system: String
    var rabbitMQ: String
    var librabbitmq: String
    var swift: String
    /// Where servers and measured processes run.
    var cores: String
    /// How instructions are counted, or why they are not.
    var instructions: String
    var settings: String

    init(broker: PrivateBroker, cores: String, instructions: String) async throws {
        self.cores = cores
        self.instructions = instructions
        let information = Self.read("/proc/cpuinfo").split(separator: "\n").first {
            $0.hasPrefix("model name")
        }
        processor = information.map { String($0.drop { $0 != ":" }.dropFirst(2)) } ?? "unknown"
        processors = ProcessInfo.processInfo.activeProcessorCount
        load = Self.loadNow
        system = ProcessInfo.processInfo.operatingSystemVersionString
        rabbitMQ = try await broker.ctl("version").trimmingCharacters(in: .whitespacesAndNewlines)
        librabbitmq = String(cString: bare_library_version())
        #if compiler(>=6.3)
            swift = "6.3 or newer"
        #else
            swift = "6.2"
        #endif
        settings = """
            bodies of \(Measured.bodySize) bytes, persistent, mandatory, confirmed; one quorum queue on one node; \
            window 256; prefetch 256, concurrency 128; SQLite in WAL mode, synchronous=FULL (a sync per commit)
            """
    }

    /// The run queue's length over the last 1, 5 and 15 minutes.
    static var loadNow: String {
        read("/proc/loadavg").split(separator: " ").prefix(3).joined(separator: " ")
    }

    private static func read(_ path: String) -> String {
        (try? String(contentsOfFile: path, encoding: .utf8)) ?? ""
    }

    /// The lines above the table.
    var lines: [String] {
        [
            "\(processors) × \(processor), \(system); load \(load)",
            "RabbitMQ \(rabbitMQ), librabbitmq \(librabbitmq), Swift \(swift), release build", cores,
            instructions, settings,
        ]
    }
}
