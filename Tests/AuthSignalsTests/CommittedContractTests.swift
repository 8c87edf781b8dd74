// SPDX-License-Identifier: Apache-2.0
import AuthSignals
import Foundation
import Testing
import ToolSupport

/// `docs/contract`: what subscribers in other languages read. Written by
/// `AUTH_SIGNALS_WRITE_CONTRACT=1 swift test --filter CommittedContractTests`, unless a change is incompatible.
@Suite struct CommittedContractTests {
    private static let variable = "AUTH_SIGNALS_WRITE_CONTRACT"
    private static let writes = ProcessInfo.processInfo.environment[variable] == "1"

    private let folder: ContractFolder

    init() throws {
        folder = ContractFolder(
            Repository.root.appending(path: "docs/contract"), of: SignalCatalog(),
            schemaBase: SampleSignals.codec().schemaBase,
            examples: try SampleSignals.all.map { try SampleSignals.message(of: $0) })
    }

    @Test func `the committed documents are those of the code`() throws {
        if Self.writes { try folder.write() }
        let stale = try folder.staleFiles()
        #expect(stale.isEmpty, "set \(Self.variable)=1 to write them, and review the difference")
    }

    @Test func `no change breaks a subscriber that follows the committed documents`() throws {
        #expect(try folder.breaches() == [])
    }

    @Test(.enabled(if: !CommittedContractTests.writes), arguments: SignalCatalog.all.indices)
    func `every signal has a committed schema and an example that is valid by it`(index: Int) throws {
        let signal = SignalCatalog.all[index]
        let name = "\(signal.name).\(signal.schemaVersion).json"
        let schema = try SignalCodec.decoder().decode(
            JSONValue.self, from: Data(contentsOf: folder.url.appending(path: "schemas/\(name)")))
        let body = try Data(contentsOf: folder.url.appending(path: "examples/\(signal.name).json"))
        let event = try SignalCodec.event(from: body)
        #expect(event.name == signal.name)
        #expect(event.dataSchema == schema["$id"]?.string)
        #expect(try SchemaCheck.faults(of: event.json(), by: schema) == [])
    }
}
