// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import AuthSignals
import Foundation

/// A sample of a signal, for the development of a subscriber: its data is that of the golden example, except for the
/// members that the user has set.
struct SampleSignal {
    private let type: any Signal.Type
    private let data: JSONValue
    private let hasOwnRequestID: Bool

    /// - Throws: `ValidationError` if no sample has that name, or if a member does not exist or cannot have that value.
    init(name: String, _ assignments: [MemberAssignment]) throws {
        guard let sample = SignalSamples.all.first(where: { Self.name(of: $0) == name }) else {
            throw ValidationError("no signal '\(name)' exists; `auth-signals catalog` lists the signals")
        }
        let type = Swift.type(of: sample)
        var data = try JSONValue.reading(SignalCodec.bytes(of: sample))
        for assignment in assignments { data = try Self.data(data, of: type, assignment) }
        self.type = type
        self.data = data
        hasOwnRequestID = assignments.contains {
            $0.path.starts(with: ["request", "id"]) || $0.path == ["request"]
        }
    }

    /// A message with this sample, with a new id and a new request. `data.request.profile` is `sample`.
    ///
    /// - Parameters:
    ///   - codec: the installation's; it determines whether personal members are included.
    ///   - sequence: the event's `sequence`. A sample has no place in the outbox's order.
    /// - Throws: `SignalError` if the sample is too large.
    func message(_ codec: SignalCodec, at time: Date, sequence: Int64) throws -> SignalMessage {
        var data = data
        if !hasOwnRequestID { data = Self.setting("id", of: data, to: UUID.version7(at: time).wireText) }
        var draft = try codec.draft(try Self.signal(type, from: data), at: time)
        let marked = Self.setting(
            "profile", of: try JSONValue.reading(draft.data), to: PayloadProfile.sample.rawValue)
        draft.data = try marked.written()
        return codec.message(for: OutboxRow(sequence: sequence, draft: draft))
    }

    /// Replaces a member and verifies that the type accepts the value.
    private static func data(
        _ data: JSONValue, of type: any Signal.Type, _ assignment: MemberAssignment
    ) throws -> JSONValue {
        if assignment.path == ["request", "profile"] {
            throw ValidationError("--set request.profile: the profile of a sample is always 'sample'")
        }
        for candidate in assignment.candidates {
            let changed: JSONValue
            do { changed = try assignment.replacing(in: data, with: candidate) } catch {
                throw ValidationError("--set \(assignment.name): \(error)")
            }
            if (try? signal(type, from: changed)) != nil { return changed }
        }
        throw ValidationError(
            "--set \(assignment.name): \(type.name) does not accept this value; `auth-signals catalog --format "
                + "json-schema` describes its members")
    }

    private static func signal(_ type: any Signal.Type, from data: JSONValue) throws -> any Signal {
        try SignalCodec.decoder().decode(type, from: data.written())
    }

    private static func name(of signal: any Signal) -> String { Swift.type(of: signal).name.rawValue }

    /// Replaces a member of `request`.
    private static func setting(_ name: String, of data: JSONValue, to value: String) -> JSONValue {
        data.changingMembers { member in
            guard member.name == "request" else { return member.value }
            return member.value.changingMembers { $0.name == name ? .string(value) : $0.value }
        }
    }
}
