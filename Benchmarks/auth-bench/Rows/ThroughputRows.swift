// SPDX-License-Identifier: Apache-2.0

extension Bench {
    /// The relay compared with the bare publisher.
    func relayRow() async throws -> [RowReport] {
        let count = size(50_000, quick: 20_000)
        return try await paired(
            .relay, "The relay drains an outbox of \(count.grouped)", count: count, countsInstructions: true,
            sides: [
                PairedSide("relay") { try await $0.drainOutbox($1) },
                PairedSide("bare publisher") { bench, count in
                    try await bench.setUp(bench.job(.prepare))
                    return try await bench.run(bench.job(.barePublish) { $0.count = count })
                },
            ],
            goals: [.rate(atLeast: 0.95), .cpu(atMost: 2)])
    }

    func drainOutbox(_ count: Int, from storeURL: String = "") async throws -> Outcome {
        try await withFolder { folder in
            try await fillOutbox(count, folder, storeURL)
            return try await drainFilledOutbox(count, folder, storeURL)
        }
    }

    func fillOutbox(_ count: Int, _ folder: String, _ storeURL: String = "") async throws {
        try await setUp(
            job(.fill) {
                $0.folder = folder
                $0.storeURL = storeURL
                $0.count = count
            })
    }

    /// Relays that many rows of an outbox with at least as many.
    func drainFilledOutbox(_ count: Int, _ folder: String, _ storeURL: String = "") async throws -> Outcome {
        try await setUp(job(.prepare))
        return try await run(
            job(.relay) {
                $0.folder = folder
                $0.storeURL = storeURL
                $0.count = count
            })
    }

    /// The dispatcher without decoding compared with the bare consumer.
    func rawRow() async throws -> [RowReport] {
        try await paired(
            .raw, "Dispatch without decoding, to a handler that does nothing", count: consumed,
            countsInstructions: true,
            sides: [
                PairedSide("dispatcher") { try await $0.drainQueue($1, .raw) },
                PairedSide("bare consumer") { try await $0.drainQueueBare($1, decoding: false) },
            ],
            goals: [.rate(atLeast: 0.95), .cpu(atMost: 1.8)])
    }

    /// The dispatcher with a typed handler compared with the bare consumer with the same decoding.
    func typedRow() async throws -> [RowReport] {
        try await paired(
            .typed, "Dispatch to a typed handler", count: consumed, countsInstructions: true,
            sides: [
                PairedSide("dispatcher") { try await $0.drainQueue($1, .typed) },
                PairedSide("bare consumer, same decoding") {
                    try await $0.drainQueueBare($1, decoding: true)
                },
            ],
            goals: [.rate(atLeast: 0.85), .cpu()])
    }

    /// The dispatcher with the SQLite inbox compared with the one without.
    func inboxRow() async throws -> [RowReport] {
        try await paired(
            .inbox, "Dispatch to a typed handler with the SQLite inbox", count: consumed,
            countsInstructions: true,
            sides: [
                PairedSide("dispatcher with inbox") { try await $0.drainQueue($1, .typedWithInbox) },
                PairedSide("without") { try await $0.drainQueue($1, .typed) },
            ],
            goals: [.rate(atLeast: 0.6), .cpu()])
    }

    /// The number of messages that one run consumes.
    private var consumed: Int { size(50_000, quick: 20_000) }

    func drainQueue(_ count: Int, _ handling: Job.Handling) async throws -> Outcome {
        try await fillQueue(count)
        return try await drainFilledQueue(count, handling)
    }

    /// Handles that many messages of a queue with at least as many.
    func drainFilledQueue(
        _ count: Int, _ handling: Job.Handling, queue: String = "bench"
    ) async throws -> Outcome {
        try await withFolder { folder in
            try await run(
                job(.dispatch) {
                    $0.count = count
                    $0.handling = handling
                    $0.folder = folder
                    $0.queue = queue
                })
        }
    }

    private func drainQueueBare(_ count: Int, decoding: Bool) async throws -> Outcome {
        try await fillQueue(count)
        return try await run(
            job(.bareConsume) {
                $0.count = count
                $0.decodes = decoding
            })
    }
}

extension Int {
    /// With commas between thousands.
    var grouped: String {
        var text = ""
        for (index, digit) in String(self).reversed().enumerated() {
            if index > 0, index.isMultiple(of: 3) { text.append(",") }
            text.append(digit)
        }
        return String(text.reversed())
    }
}
