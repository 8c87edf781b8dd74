// SPDX-License-Identifier: Apache-2.0
import Foundation
import ProgramSupport
import Testing
import ToolSupport

/// Replays the fuzzer's corpus without the fuzzer: bytes that a hostile broker may send to the C code around
/// librabbitmq.
@Suite struct FuzzReplayTests {
    @Test func `the C code handles the fuzzer's corpus without findings of the address sanitizer`()
        async throws
    {
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
