// SPDX-License-Identifier: Apache-2.0

extension Bench {
    /// The relay compared with the bare publisher.
    func relayRow() async throws -> RowReport {
        let count = size(100_000, quick: 20_000)
        let (ours, others) = try await alternating {
            try await self.drainOutbox(count)
        } _: {
            _ = try await self.run(self.job(.prepare))
            return try await self.run(self.job(.barePublish) { $0.count = count })
        }
        return RowReport(
            name: .relay, title: "The relay drains an outbox of \(count.grouped)",
            sides: [.init("relay", ours), .init("bare publisher", others)],
            checks: [.rate(of: ours, atLeast: 0.9, of: others), .cpu(of: ours, atMost: 3, of: others)])
    }

    func drainOutbox(_ count: Int) async throws -> Outcome {
        try await withFolder { folder in
            _ = try await run(job(.prepare))
            _ = try await run(
                job(.fill) {
                    $0.folder = folder
                    $0.count = count
                })
            return try await run(
                job(.relay) {
                    $0.folder = folder
                    $0.count = count
                })
        }
    }

    /// The dispatcher without decoding compared with the bare consumer.
    func rawRow() async throws -> RowReport {
        let (ours, others) = try await alternating {
            try await self.drainQueue(self.consumed, .raw)
        } _: {
            try await self.drainQueueBare(decoding: false)
        }
        return RowReport(
            name: .raw, title: "Dispatch without decoding, to a handler that does nothing",
            sides: [.init("dispatcher", ours), .init("bare consumer", others)],
            checks: [.rate(of: ours, atLeast: 0.9, of: others), .cpu(of: ours, atMost: 3, of: others)])
    }

    /// The dispatcher with a typed handler compared with the bare consumer with the same decoding.
    func typedRow() async throws -> RowReport {
        let (ours, others) = try await alternating {
            try await self.drainQueue(self.consumed, .typed)
        } _: {
            try await self.drainQueueBare(decoding: true)
        }
        let cpu = ours.map(\.cpuPerMessage).median
        return RowReport(
            name: .typed, title: "Dispatch to a typed handler",
            sides: [.init("dispatcher", ours), .init("bare consumer, same decoding", others)],
            checks: [
                .rate(of: ours, atLeast: 0.8, of: others),
                .init("CPU ≤ 40 µs per message", "\(cpu.short) µs", cpu <= 40),
            ])
    }

    /// The dispatcher with the SQLite inbox compared with the one without.
    func inboxRow() async throws -> RowReport {
        let (ours, others) = try await alternating {
            try await self.drainQueue(self.consumed, .typedWithInbox)
        } _: {
            try await self.drainQueue(self.consumed, .typed)
        }
        return RowReport(
            name: .inbox, title: "Dispatch to a typed handler with the SQLite inbox",
            sides: [.init("dispatcher with inbox", ours), .init("without", others)],
            checks: [.rate(of: ours, atLeast: 0.4, of: others)])
    }

    /// The number of messages that one run consumes.
    private var consumed: Int { size(50_000, quick: 20_000) }

    func drainQueue(_ count: Int, filled: Bool = false, _ handling: Job.Handling) async throws -> Outcome {
        if !filled { try await fillQueue(count) }
        return try await withFolder { folder in
            try await run(
                job(.dispatch) {
                    $0.count = count
                    $0.handling = handling
                    $0.folder = folder
                })
        }
    }

    private func drainQueueBare(decoding: Bool) async throws -> Outcome {
        try await fillQueue(consumed)
        return try await run(
            job(.bareConsume) {
                $0.count = consumed
                $0.decodes = decoding
            })
    }

    /// Measures both sides alternately, so that other load on the machine affects both.
    func alternating(
        _ ours: () async throws -> Outcome, _ other: () async throws -> Outcome
    ) async throws -> ([Outcome], [Outcome]) {
        var outcomes: ([Outcome], [Outcome]) = ([], [])
        for _ in 0..<runs {
            outcomes.0.append(try await ours())
            outcomes.1.append(try await other())
        }
        return outcomes
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
