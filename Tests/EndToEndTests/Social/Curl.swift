// SPDX-License-Identifier: Apache-2.0
import Foundation
import ProgramSupport

/// One request by `curl`, which does not follow redirects or offer another protocol. Foundation offers an upgrade
/// to HTTP/2, which chromedriver mistakes for a WebSocket.
enum Curl {
    struct Answer: Sendable {
        var status: Int
        /// The target of a redirect as an absolute URL.
        var location: String?
        var text: String
    }

    static func load(_ url: String, _ options: [String]) async throws -> Answer {
        let folder = try Folder()
        let curl = try Program(
            TestTools.program("/usr/bin/curl"),
            [
                "-sS", "--http1.1", "--max-time", "60", "--noproxy", "*", "-o", folder.path("body"), "-w",
                "%{http_code} %{redirect_url}", url,
            ] + options, environment: [:])
        guard try await curl.exitCode(within: .seconds(70)) == 0 else {
            throw Mishap("\(url): \(curl.log)")
        }
        let words = curl.output.split(separator: " ", maxSplits: 1, omittingEmptySubsequences: false)
        let body = FileManager.default.contents(atPath: folder.path("body")) ?? Data()
        return Answer(
            status: words.first.flatMap { Int($0) } ?? 0,
            location: words.count == 2 && !words[1].isEmpty ? String(words[1]) : nil,
            text: String(decoding: body, as: UTF8.self))
    }
}

extension Curl.Answer {
    /// The value of a query parameter of `location`.
    func sent(_ name: String) -> String? {
        location.flatMap { URLComponents(string: $0) }?.queryItems?.first { $0.name == name }?.value
    }
}
