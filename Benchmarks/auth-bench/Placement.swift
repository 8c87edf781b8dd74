// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import CBare
import Foundation

/// On which cores the servers and the measured process run.
enum Placement: String, Codable, CaseIterable, ExpressibleByArgument, Sendable {
    /// The broker, and PostgreSQL if it is used, on one core, and the measured process on another one.
    case pinned
    /// All of them on all cores.
    case unpinned
}

/// The cores of this machine that the benchmark uses.
struct Cores: Sendable {
    /// All cores on which this process may run.
    let all: [Int32]
    /// The two cores of ``Placement/pinned``; nil if fewer than two are available.
    let pinned: (servers: Int32, measured: Int32)?

    init() {
        var cores = [Int32](repeating: 0, count: 1024)
        let count = Int(bare_cores(&cores, Int32(cores.count)))
        all = Array(cores.prefix(count))
        guard let first = all.first else {
            pinned = nil
            return
        }
        let others = all.dropFirst()
        // Two hardware threads of one core would slow each other.
        let siblings = Self.siblings(of: first)
        let second = others.first { !siblings.contains($0) } ?? others.first
        pinned = second.map { (first, $0) }
    }

    /// The hardware threads of the same core, such as "0,4" or "0-1".
    private static func siblings(of core: Int32) -> Set<Int32> {
        let path = "/sys/devices/system/cpu/cpu\(core)/topology/thread_siblings_list"
        let text = (try? String(contentsOfFile: path, encoding: .utf8)) ?? ""
        var siblings: Set<Int32> = []
        for part in text.split(whereSeparator: { $0 == "," || $0.isNewline }) {
            let ends = part.split(separator: "-").compactMap { Int32($0) }
            guard let first = ends.first, let last = ends.last, first <= last else { continue }
            siblings.formUnion(first...last)
        }
        return siblings
    }

    /// The placements that are possible here.
    var placements: [Placement] { pinned == nil ? [.unpinned] : Placement.allCases }

    func ofServers(_ placement: Placement) -> [Int32] {
        guard placement == .pinned, let pinned else { return all }
        return [pinned.servers]
    }

    func ofMeasured(_ placement: Placement) -> [Int32] {
        guard placement == .pinned, let pinned else { return all }
        return [pinned.measured]
    }

    /// The line above the table.
    var line: String {
        guard let pinned else {
            return "pinned: n/a, because the benchmark may use only one core; everything is measured unpinned"
        }
        return """
            pinned: servers on core \(pinned.servers), the measured process on core \(pinned.measured); \
            unpinned: both on all \(all.count) cores
            """
    }
}
