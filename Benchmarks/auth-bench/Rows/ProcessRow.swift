// SPDX-License-Identifier: Apache-2.0
import BenchmarkStatistics
import BrokerSupport
import Foundation

extension Bench {
    /// The start of each executable, and its memory and processor time when it is idle but connected to the broker.
    ///
    /// The executables are those beside this one, or in the folder `BUILD_FOLDER`.
    func processRow() async throws -> [RowReport] {
        try await withFolder { files in
            // The server declares the exchange to which the worker binds its queue.
            let server = try await processReport(IdleProgram("auth-signals", ["serve"], files, broker.url))
            let worker = try await processReport(
                IdleProgram(
                    "auth-consumer", ["--queue", "bench-process", "--bind", "#"], files, broker.url))
            try await broker.ctl("delete_queue", "bench-process")
            return [server, worker]
        }
    }

    private func processReport(_ program: IdleProgram) async throws -> RowReport {
        var starts: [Double] = []
        for _ in 0..<pairs {
            starts.append(try await program.running { $0.milliseconds })
        }
        tell("  \(program.name): 10 s of rest, then 30 s idle")
        let (memory, share) = try await program.running { run in
            try await Task.sleep(for: .seconds(10))
            let memory = run.memory()
            let before = (now: ContinuousClock.now, cpu: run.cpu)
            try await Task.sleep(for: .seconds(30))
            let seconds = (ContinuousClock.now - before.now) / .seconds(1)
            return (memory, (run.cpu - before.cpu) / seconds * 100)
        }
        let start = starts.median
        let resident = memory["Rss"] ?? .infinity
        let own = (memory["Private_Clean"] ?? 0) + (memory["Private_Dirty"] ?? 0)
        var report = RowReport(name: .process, title: program.name)
        report.sides = [.init(name: "start", median: start, late: starts.quantile(0.95))]
        report.checks = [
            .init("serves after < 150 ms", "\(start.short) ms", start < 150),
            .init("resident when idle < 40 MiB", "\(resident.short) MiB", resident < 40),
            .init("proportional; not shared", "\((memory["Pss"] ?? 0).short); \(own.short) MiB"),
            .init("not from files", "\((memory["Anonymous"] ?? 0).short) MiB"),
            .init("CPU when idle < 0.3 % of a core", "\(share.short) %", share < 0.3),
        ]
        return report
    }
}

/// One of the project's executables, with the settings of its measurement.
struct IdleProgram: Sendable {
    let name: String
    private let arguments: [String]
    private let files: String
    private let brokerURL: String

    /// - Parameters:
    ///   - files: a folder for its files.
    init(_ name: String, _ arguments: [String], _ files: String, _ brokerURL: String) {
        self.name = name
        self.arguments = arguments
        self.files = files
        self.brokerURL = brokerURL
    }

    /// A run that serves.
    struct Run: Sendable {
        /// From its start until it listened.
        let milliseconds: Double
        fileprivate let id: Int32

        /// The lines of `/proc/ID/smaps_rollup` in MiB.
        func memory() -> [String: Double] {
            let text = (try? String(contentsOfFile: "/proc/\(id)/smaps_rollup", encoding: .utf8)) ?? ""
            var memory: [String: Double] = [:]
            for line in text.split(separator: "\n") {
                let words = line.split(separator: " ")
                guard words.count == 3, words[2] == "kB", let size = Double(words[1]) else { continue }
                memory[String(words[0].dropLast())] = size / 1024
            }
            return memory
        }

        /// Its processor time in seconds.
        var cpu: Double { ProcessStatus(id: "\(id)")?.cpu ?? .nan }
    }

    /// Starts the program, calls the body when it serves, and stops it.
    func running<R: Sendable>(_ body: (Run) async throws -> R) async throws -> R {
        let folder =
            ProcessInfo.processInfo.environment["BUILD_FOLDER"]
            ?? Child.executable.deletingLastPathComponent().path
        let executable = "\(folder)/\(name)"
        guard FileManager.default.isExecutableFile(atPath: executable) else {
            throw BenchError("\(executable) is missing: build it, or set BUILD_FOLDER")
        }
        let portFile = "\(files)/\(name).port"
        try? FileManager.default.removeItem(atPath: portFile)
        let process = Process()
        process.executableURL = URL(filePath: executable)
        process.arguments = arguments + ["--port-file", portFile]
        process.environment = [
            "BROKER_URL": brokerURL, "STORE_URL": "sqlite:\(files)/auth.sqlite",
            "INBOX_URL": "sqlite:\(files)/inbox.sqlite", "SIGNALS_SOURCE": "http://bench.localhost",
            "MAIL_URL": "file:\(files)/mail", "MAIL_FROM": "bench@bench.localhost",
            "HTTP_HOST": "127.0.0.1", "HTTP_PORT": "0", "METRICS_PORT": "0", "LOG_LEVEL": "error",
        ]
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = FileHandle.nullDevice
        let start = ContinuousClock.now
        try process.run()
        defer {
            process.terminate()
            process.waitUntilExit()
        }
        while !FileManager.default.fileExists(atPath: portFile) {
            guard process.isRunning, ContinuousClock.now - start < .seconds(60) else {
                throw BenchError("\(name) does not start")
            }
            try await Task.sleep(for: .milliseconds(1))
        }
        let milliseconds = (ContinuousClock.now - start) / .milliseconds(1)
        return try await body(Run(milliseconds: milliseconds, id: process.processIdentifier))
    }
}
