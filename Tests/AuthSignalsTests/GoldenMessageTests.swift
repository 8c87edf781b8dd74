// SPDX-License-Identifier: Apache-2.0
import AuthSignals
import Foundation
import Testing

@Suite struct GoldenMessageTests {
    @Test func `the samples are exactly the signals of the catalogue`() {
        #expect(SampleSignals.all.map { type(of: $0).name } == SignalCatalog.all.map { $0.name })
        #expect(SampleSignals.all.count == 27)
    }

    @Test(arguments: SampleSignals.all.indices)
    func `encodes the body byte for byte as released`(index: Int) throws {
        let signal = SampleSignals.all[index]
        try Golden("\(type(of: signal).name).json").expect(SampleSignals.message(of: signal).body)
    }

    @Test(arguments: SampleSignals.all.indices)
    func `encodes the thin body byte for byte as released`(index: Int) throws {
        let signal = SampleSignals.all[index]
        try Golden("\(type(of: signal).name).thin.json")
            .expect(SampleSignals.message(of: signal, profile: .thin).body)
    }

    @Test(arguments: SampleSignals.all.indices)
    func `decodes a golden body as the signal it was written from`(index: Int) throws {
        func check<S: Signal>(_ signal: S) throws {
            let event = try SignalCodec.event(from: Golden("\(S.name).json").bytes)
            let read = try event.decode(S.self)
            let again = try SampleSignals.row(of: read).draft.data
            #expect(try again == SampleSignals.row(of: signal).draft.data)
            #expect(event.name == S.name)
            #expect(event.subject == signal.subject)
            #expect(event.correlationID == signal.request.id.wireText)
        }
        try check(SampleSignals.all[index])
    }

    @Test(arguments: SampleSignals.all.indices)
    func `decodes a thin body as the same type, without personal data`(index: Int) throws {
        func check<S: Signal>(_ signal: S) throws {
            let body = try Golden("\(S.name).thin.json").bytes
            let read = try SignalCodec.event(from: body).decode(S.self)
            #expect(read.request.profile == .thin)
            #expect(read.subject == signal.subject)
            let text = String(decoding: body, as: UTF8.self)
            for personal in ["jane", "Jane", "Döe", "2001:db8", "Mozilla", "extra_data", "example.com"] {
                #expect(!text.contains(personal))
            }
        }
        try check(SampleSignals.all[index])
    }

    @Test func `the golden folder has exactly the files that are compared`() throws {
        let names = SignalCatalog.all.map { $0.name.rawValue }
        let wanted = names.flatMap { ["\($0).json", "\($0).thin.json"] } + CatalogGolden.files
        let there = try FileManager.default.contentsOfDirectory(
            atPath: Golden("x").url.deletingLastPathComponent().path())
        #expect(there.sorted() == wanted.sorted())
    }
}
