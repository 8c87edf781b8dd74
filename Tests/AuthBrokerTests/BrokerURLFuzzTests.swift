// SPDX-License-Identifier: Apache-2.0
import Foundation
import Testing
import ToolSupport

@testable import AuthBroker

@Suite struct BrokerURLFuzzTests {
    @Test func `a mutated URL is rejected without being quoted, or has all values in range`() {
        var mutator = Mutator(seed: TestSeed.value)
        let whole = "amqps://us%20er:s3cret-pw@[::1]:5671/v%2Fh?heartbeat=20&connection_timeout=5000"
        for round in 0..<(3000 * TestSeed.times) {
            let place = "seed \(TestSeed.value), round \(round)"
            do throws(BrokerError) {
                for url in try BrokerURL.list(mutator.mutate(whole)) {
                    #expect((1...65_535).contains(url.port), "\(place)")
                    #expect((0...3600).contains(url.heartbeat ?? 20), "\(place)")
                    #expect((1...3_600_000).contains(url.connectTimeout ?? 1), "\(place)")
                }
            } catch {
                #expect(error.code == .invalidURL, "\(place)")
                #expect(!error.message.contains("s3cret-pw"), "\(place)")
            }
        }
    }

    @Test func `out-of-range ports and durations are errors, also if an application sets them`() async throws
    {
        for port in [-1, 65_536, Int.max] {
            let settings = BrokerSettings(urls: [BrokerURL(host: "127.0.0.1", port: port)])
            let error = await #expect(throws: BrokerError.self) {
                try await BrokerAdmin(settings).declareExchange()
            }
            #expect(error?.code == .invalidURL)
        }
        var settings = BrokerSettings(urls: [BrokerURL(host: "127.0.0.1", port: 1)])
        settings.connectTimeout = .seconds(Int64.max)
        let error = await #expect(throws: BrokerError.self) {
            try await BrokerAdmin(settings).declareExchange()
        }
        #expect(error?.code == .invalidValue)
    }
}
