// SPDX-License-Identifier: Apache-2.0
import AuthBroker
import AuthSignals
import CBare
import Foundation

/// The jobs of the bare librabbitmq loops.
enum BareJobs {
    /// Declares a worker's exchange and queues, so that both sides use the same queue, and purges the queue.
    static func prepare(_ job: Job) async throws -> Outcome {
        let admin = BrokerAdmin(try job.broker())
        try await admin.declareExchange()
        try await admin.declare(try DispatchJob.topology(job))
        _ = try target(of: job) { target in try outcome(0) { bare_purge(&target, &$0) } }
        return Outcome()
    }

    static func publish(_ job: Job) throws -> Outcome {
        try target(of: job) { target in
            try Measured.withBareMessage { message in
                try outcome(job.count) {
                    bare_publish(
                        &target, message, UInt64(job.run), UInt64(job.count), UInt32(job.window), 0, nil, nil,
                        &$0)
                }
            }
        }
    }

    static func consume(_ job: Job) throws -> Outcome {
        let decode: @convention(c) (UnsafeMutableRawPointer?, UnsafePointer<UInt8>?, Int) -> Void = {
            _, bytes, size in
            guard let bytes, let event = try? SignalCodec.event(from: Data(bytes: bytes, count: size)),
                (try? event.decode(Measured.self)) != nil
            else { fatalError("the message cannot be decoded") }
        }
        return try target(of: job) { target in
            try outcome(job.count) {
                bare_consume(
                    &target, UInt64(job.count), UInt32(job.prefetch), UInt32(max(1, job.prefetch / 4)), nil,
                    job.decodes ? decode : nil, nil, &$0)
            }
        }
    }

    /// Calls the body with the job's connection parameters, which are valid only during the call.
    static func target<R>(of job: Job, _ body: (inout bare_target) throws -> R) throws -> R {
        guard let url = try BrokerURL.list(job.brokerURL).first else { throw BenchError("no broker") }
        let words = lend([url.host, "auth.signals", Measured.name.rawValue, job.queue])
        defer { words.forEach { free($0) } }
        var target = bare_target(
            host: words[0], port: Int32(url.port), exchange: words[1], routing_key: words[2], queue: words[3])
        return try body(&target)
    }

    /// Copies strings for C; the caller must free them.
    static func lend(_ texts: [String]) -> [UnsafeMutablePointer<CChar>?] { texts.map { strdup($0) } }

    static func outcome(_ count: Int, _ body: (inout bare_result) -> Bool) throws -> Outcome {
        var result = bare_result()
        let isGood = body(&result)
        let fault = withUnsafeBytes(of: result.fault) {
            String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
        }
        guard isGood else { throw BenchError("the bare loop failed: \(fault)") }
        guard result.returned == 0, result.nacked == 0 else {
            throw BenchError("\(result.returned) messages were returned and \(result.nacked) nacked")
        }
        var outcome = Outcome()
        outcome.count = count
        outcome.seconds = result.seconds
        outcome.cpu = result.cpu_seconds
        return outcome
    }
}
