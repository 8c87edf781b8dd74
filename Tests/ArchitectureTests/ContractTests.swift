// SPDX-License-Identifier: Apache-2.0
import AuthSignals
import Foundation
import Testing

@testable import AuthBroker

/// docs/contract.md and the code name the same things: a name that only one of them has is a fault.
@Suite struct ContractTests {
    private let contract: ContractPage
    private let topology: ConsumerTopology

    init() throws {
        contract = try ContractPage()
        topology = try ConsumerTopology(queue: "NAME", patterns: [], singleActive: true)
    }

    // MARK: Broker objects

    @Test func `the contract lists every exchange and queue that the code declares`() {
        let queues = topology.queues.map(\.name) + [topology.memory.name]
        let exchanges = [BrokerSettings().exchange, topology.exchange]
        #expect(Set(contract.firstColumn(of: "object")) == Set(queues + exchanges))
    }

    @Test func `the contract lists the arguments of every queue`() {
        var declared: [String: Set<String>] = [:]
        for queue in topology.queues + [topology.memory] {
            declared[queue.name] = Set(queue.arguments.keys).subtracting(["x-queue-type"])
        }
        for row in contract.table("object") {
            let names = row.count > 1 ? ContractPage.names(in: row[1]) : []
            let arguments = Set(names.filter { $0.hasPrefix("x-") })
            for object in ContractPage.names(in: row, column: 0) {
                // An exchange is declared without arguments.
                let expected = declared[object] ?? []
                #expect(arguments == expected, "\(object)")
            }
        }
    }

    @Test func `the contract lists the routing keys of a consumer's exchange`() throws {
        let row = try #require(
            contract.table("object").first { ContractPage.names(in: $0, column: 0) == [topology.exchange] })
        let keys = topology.ownBindings.map(\.key) + [ConsumerTopology.memoryKey]
        #expect(Set(ContractPage.names(in: row, column: 1)) == Set(keys))
    }

    @Test func `the contract lists the rungs of the retry ladder`() {
        let prefix = "NAME.retry."
        let rungs = contract.firstColumn(of: "object").filter { $0.hasPrefix(prefix) }
        #expect(rungs.map { String($0.dropFirst(prefix.count)) } == RetryRung.allCases.map(\.name))
    }

    // MARK: Message

    @Test func `the contract lists the AMQP properties of a message`() {
        let message = SignalMessage(routingKey: "account.user_logged_in", messageID: "1", body: Data())
        let members = Mirror(reflecting: message).children.compactMap { $0.label }
        let properties = members.filter { $0 != "routingKey" && $0 != "body" }.map(Self.hyphenated)
        // The delivery mode is the same for every message; no member holds it.
        let documented = contract.table("AMQP property").compactMap { $0.first }
        #expect(Set(documented) == Set(properties + ["delivery-mode"]))
    }

    @Test func `the contract lists the headers of a message`() throws {
        let declared = try ContractPage.constants(of: "HeaderName", under: "Sources/AuthSignals")
        #expect(declared.contains(SignalMessage.HeaderName.reason))
        let headers = declared.subtracting([SignalMessage.HeaderName.ownPrefix])
        #expect(Set(contract.firstColumn(of: "header")) == headers)
    }

    @Test func `the contract lists the reasons of dead letters`() throws {
        let declared = try ContractPage.constants(of: "Reason", under: "Sources/AuthConsumer")
        #expect(!declared.isEmpty)
        #expect(Set(contract.firstColumn(of: "reason")) == declared)
    }

    @Test func `the contract's example has the attributes of an event`() throws {
        let draft = SignalDraft(
            id: UUID(), name: "account.user_logged_in", subject: "1", time: Date(timeIntervalSince1970: 0),
            correlationID: UUID(), data: Data("{}".utf8))
        let row = OutboxRow(sequence: 1, draft: draft)
        let message = SignalCodec(source: "https://accounts.example.org").message(for: row)
        let body = try JSONSerialization.jsonObject(with: message.body)
        let event = try #require(body as? [String: Any])
        let documented = contract.json.matches(of: #/"(\w+)":/#).map { String($0.1) }
        #expect(Set(documented) == Set(event.keys))
    }

    // MARK: Signals

    @Test func `the contract lists every signal once`() {
        let documented = contract.firstColumn(of: "signal")
        #expect(documented.sorted() == SignalCatalog.all.map { $0.name.rawValue }.sorted())
    }

    @Test func `the contract lists the members of every signal`() throws {
        let rows = contract.table("signal")
        for signal in SignalCatalog.all {
            let name = signal.name.rawValue
            let row = try #require(
                rows.first { ContractPage.names(in: $0, column: 0).contains(name) }, "\(name)")
            let members = try SignalSchema(of: signal).topMembers.map(\.path).filter { $0 != "request" }
            #expect(Set(ContractPage.names(in: row, column: 1)) == Set(members), "\(name)")
        }
    }

    @Test func `the contract lists the reserved names`() {
        let documented = ContractPage.names(in: contract.paragraph("Reserved, in the same form:"))
        #expect(Set(documented) == Set(SignalCatalog.reserved.map(\.rawValue)))
    }

    /// `messageID` as `message-id`.
    private static func hyphenated(_ member: String) -> String {
        member.replacing("ID", with: "Id").reduce(into: "") { name, letter in
            name += letter.isUppercase ? "-" + letter.lowercased() : String(letter)
        }
    }
}
