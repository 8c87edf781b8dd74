// SPDX-License-Identifier: Apache-2.0
#if os(Linux)
    @testable import AuthSQLiteStore
    import Foundation
    import Testing

    @Suite struct FileWriteWatcherTests {
        let folder: TemporaryFolder
        let path: String

        init() throws {
            folder = try TemporaryFolder()
            path = folder.file("log")
            try Data("a".utf8).write(to: URL(fileURLWithPath: path))
        }

        private func append() throws {
            let file = try FileHandle(forWritingTo: URL(fileURLWithPath: path))
            try file.seekToEnd()
            try file.write(contentsOf: Data("b".utf8))
            try file.close()
        }

        @Test func `a write is reported, before and during the wait`() async throws {
            let writes = try #require(FileWriteWatcher(of: path))
            defer { writes.close() }
            var iterator: AsyncStream<Bool>.AsyncIterator? = writes.events.makeAsyncIterator()
            try append()
            #expect(await writes.next(within: .seconds(10), &iterator))
            #expect(writes.discard())
            let path = path
            Task.detached { try Data("c".utf8).write(to: URL(fileURLWithPath: path), options: []) }
            #expect(await writes.next(within: .seconds(10), &iterator))
        }

        @Test func `without a write the wait ends at its limit`() async throws {
            let writes = try #require(FileWriteWatcher(of: path))
            defer { writes.close() }
            var iterator: AsyncStream<Bool>.AsyncIterator? = writes.events.makeAsyncIterator()
            #expect(await !writes.next(within: .milliseconds(10), &iterator))
        }

        @Test func `a write that was discarded is not reported again`() async throws {
            let writes = try #require(FileWriteWatcher(of: path))
            defer { writes.close() }
            var iterator: AsyncStream<Bool>.AsyncIterator? = writes.events.makeAsyncIterator()
            try append()
            #expect(writes.discard())
            #expect(!writes.discard())
            #expect(await !writes.next(within: .milliseconds(10), &iterator))
        }

        @Test func `a file that does not exist cannot be watched`() {
            #expect(FileWriteWatcher(of: folder.file("absent")) == nil)
        }
    }
#endif
