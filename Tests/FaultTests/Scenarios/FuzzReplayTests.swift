// SPDX-License-Identifier: Apache-2.0
import Foundation
import ProgramSupport
import Testing
import ToolSupport

/// The fuzzer's corpus, without the fuzzer: what a hostile broker may say to the C face of librabbitmq.
@Suite struct FuzzReplayTests {
    @Test func `the C face takes the fuzzer's corpus under the address sanitizer`() async throws {
        let corpus = Repository.root.appending(path: "Tests/Fuzz/corpus").path
        let count = try FileManager.default.contentsOfDirectory(atPath: corpus).count
        #expect(count > 10)
        let replay = try Program(
            Repository.root.appending(path: "Scripts/fuzz"), ["--replay"], environment: ["HOME": "/tmp"])
        let code = try await replay.exitCode(within: .seconds(180))
        #expect(code == 0, "\(replay.log.suffix(3000))")
        #expect(replay.output.contains("replayed \(count) inputs"))
    }
}
