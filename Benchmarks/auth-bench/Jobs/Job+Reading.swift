// SPDX-License-Identifier: Apache-2.0
import Foundation

extension Job {
    /// A job from JSON; fields that are absent have their defaults, so that other programs can start jobs.
    static func reading(_ json: String) throws -> Job {
        let encoder = JSONEncoder()
        guard let given = try JSONSerialization.jsonObject(with: Data(json.utf8)) as? [String: Any],
            let kind = (given["kind"] as? String).flatMap(Kind.init(rawValue:)),
            let defaults = try JSONSerialization.jsonObject(with: encoder.encode(Job(kind))) as? [String: Any]
        else { throw BenchError("a job is a JSON object with a kind") }
        let whole = defaults.merging(given) { _, given in given }
        return try JSONDecoder().decode(Job.self, from: JSONSerialization.data(withJSONObject: whole))
    }
}
