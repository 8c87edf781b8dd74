// SPDX-License-Identifier: Apache-2.0
import AuthSignals
import Foundation
import Testing
import ToolSupport

/// Mutated bodies and texts: each is read or rejected, and a value that is read is consistent.
@Suite struct CodecFuzzTests {
    private static let rounds = 300 * TestSeed.times

    @Test(arguments: SampleSignals.all.indices)
    func `a mutated body is rejected as malformed or read as an event that can be written`(_ index: Int)
        throws
    {
        let seed = TestSeed.value &+ UInt64(index)
        var mutator = Mutator(seed: seed)
        let whole = try SampleSignals.message(of: SampleSignals.all[index]).body
        var (read, refused) = (0, 0)
        for round in 0..<Self.rounds {
            let body = mutator.mutate(whole)
            do throws(SignalError) {
                let event = try SignalCodec.event(from: body)
                read += 1
                expectSense(event, "seed \(seed), round \(round)")
            } catch {
                refused += 1
                guard error.code == .malformed else {
                    Issue.record("seed \(seed), round \(round): \(error)")
                    return
                }
            }
        }
        #expect(refused > Self.rounds / 20 && read > Self.rounds / 20, "seed \(seed): \(read) read")
    }

    private func expectSense(_ event: SignalEvent, _ place: String) {
        let isSound =
            event.id.wireText.utf8.count == 36 && !event.source.isEmpty
            && Date(wireText: event.time.wireText) == event.time.wholeMilliseconds
            && (try? SignalName(validating: event.name.rawValue)) != nil && (event.sequence ?? 0) >= 0
        guard isSound else {
            Issue.record("\(place): \(String(decoding: event.body, as: UTF8.self))")
            return
        }
        do throws(SignalError) {
            let data = try event.json()
            let redacted = Redaction.catalog.redact(data)
            guard (try? JSONEncoder().encode(redacted)) != nil else {
                Issue.record("\(place): the data cannot be written")
                return
            }
        } catch {
            guard error.code == .malformed else {
                Issue.record("\(place): \(error)")
                return
            }
        }
        // The event's own type and another one.
        for type in [SignalCatalog.all.first { $0.name == event.name }, UserLoggedIn.self] {
            if let type { expectDecodes(type, event, place) }
        }
    }

    private func expectDecodes<S: Signal>(_ type: S.Type, _ event: SignalEvent, _ place: String) {
        do throws(SignalError) {
            let signal = try event.decode(type)
            // A decoded signal can be emitted again.
            _ = try SampleSignals.codec().draft(signal, at: event.time)
        } catch {
            guard [.wrongType, .malformed, .tooLarge].contains(error.code) else {
                Issue.record("\(place): \(error)")
                return
            }
        }
    }

    @Test func `a mutated text is rejected or survives a round trip`() throws {
        var mutator = Mutator(seed: TestSeed.value)
        let key = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"
        for round in 0..<(2000 * TestSeed.times) {
            let place = "seed \(TestSeed.value), round \(round)"
            let time = mutator.mutate("2026-11-23T08:00:00.123+01:00")
            if let date = Date(wireText: time) {
                #expect(Date(wireText: date.wireText) == date, "\(place): \(time)")
            }
            let text = mutator.mutate("account.user_logged_in")
            if let name = try? SignalName(validating: text) { #expect(name.rawValue == text, "\(place)") }
            if let pattern = try? SignalPattern(validating: mutator.mutate("account.#.*.user_logged_in")) {
                _ = pattern.matches(routingKey: text)
                #expect(pattern.rawValue.utf8.count <= 255, "\(place)")
            }
            // Stars alone also match an empty text, which is not a valid signal name (seed 889221).
            if let filter = try? SignalNameFilter(validating: mutator.mutate("account.*_in.us*ged*")),
                !text.isEmpty
            {
                #expect(
                    !filter.matches(text) || filter.binding.matches(routingKey: text),
                    "\(place): \(filter) \(text)")
            }
            let base64 = mutator.mutate(key)
            if let bytes = Base64URL.bytes(of: base64), Base64URL.text(of: bytes) != base64 {
                // Only the unused bits of the last character may differ.
                #expect(Base64URL.text(of: bytes).dropLast() == base64.dropLast(), "\(place): \(base64)")
            }
            if let keys = try? TokenKeys(parsing: mutator.mutate("k1:\(key),k2:\(key)")) {
                #expect(!keys.keys.isEmpty, "\(place)")
            }
            _ = WebhookSecret(mutator.mutate("whsec_\(Data(repeating: 7, count: 32).base64EncodedString())"))
        }
    }
}
