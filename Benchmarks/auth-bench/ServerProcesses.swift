// SPDX-License-Identifier: Apache-2.0
import CBare
import Foundation

/// The processes of a server that was started in a session of its own.
enum ServerProcesses {
    /// The processor time of these processes in seconds.
    ///
    /// - Parameter leader: the file that contains the id of the session's first process.
    static func cpu(of leader: String) -> Double { all(of: leader).reduce(0) { $0 + $1.cpu } }

    /// Lets every thread of these processes run on these cores only.
    ///
    /// - Parameter leader: the file that contains the id of the session's first process.
    static func pin(_ leader: String, to cores: [Int32]) {
        for process in all(of: leader) {
            // A thread that is started meanwhile by one that was not pinned yet is found in a later turn.
            var pinned: Set<String> = []
            for _ in 0..<5 {
                let path = "/proc/\(process.id)/task"
                let threads = Set((try? FileManager.default.contentsOfDirectory(atPath: path)) ?? [])
                if threads.isSubset(of: pinned) { break }
                for thread in threads.subtracting(pinned) {
                    if let number = Int32(thread) { _ = bare_pin(number, cores, Int32(cores.count)) }
                }
                pinned.formUnion(threads)
            }
        }
    }

    private static func all(of leader: String) -> [ProcessStatus] {
        let session = (try? String(contentsOfFile: leader, encoding: .utf8))?
            .trimmingCharacters(in: .whitespacesAndNewlines)
        let processes = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
        return processes.filter { $0.allSatisfy(\.isNumber) }.compactMap { ProcessStatus(id: $0) }
            .filter { $0.group == session || $0.session == session }
    }
}

/// What `/proc/ID/stat` contains of a process (proc(5)).
struct ProcessStatus {
    let id: String
    let group: String
    let session: String
    /// The processor time in seconds.
    let cpu: Double

    /// Reads the status; nil if the process has ended.
    init?(id: String) {
        guard let text = try? String(contentsOfFile: "/proc/\(id)/stat", encoding: .utf8),
            let end = text.lastIndex(of: ")")
        else { return nil }
        // State, parent, group, session, … follow the name in parentheses; fields 14 and 15 are the times.
        let fields = text[text.index(after: end)...].split(separator: " ")
        guard fields.count > 12, let user = Double(fields[11]), let system = Double(fields[12]) else {
            return nil
        }
        self.id = id
        (group, session) = (String(fields[2]), String(fields[3]))
        cpu = (user + system) / Double(sysconf(Int32(_SC_CLK_TCK)))
    }
}
