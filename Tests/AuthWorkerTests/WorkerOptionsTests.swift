// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import AuthSignals
import Testing

@testable import AuthWorker

@Suite("The command line of a worker")
struct WorkerOptionsTests {
    @Test func `reads every option`() throws {
        let options = try WorkerOptions.parse([
            "--queue", "billing", "--bind", "account.#", "*.user_logged_in", "--concurrency", "4",
            "--single-active", "--keep-bindings", "--port-file", "port",
        ])
        #expect(options.queue == "billing")
        #expect(options.patterns == ["account.#", "*.user_logged_in"])
        #expect(options.handledAtATime == 4)
        #expect(options.singleActive && options.keepBindings)
        #expect(options.portFile == "port")
    }

    @Test func `handles 8 messages concurrently by default, and 1 in strict order`() throws {
        #expect(try WorkerOptions.parse(["--queue", "q", "--bind", "#"]).handledAtATime == 8)
        #expect(
            try WorkerOptions.parse(["--queue", "q", "--bind", "#", "--single-active"]).handledAtATime == 1)
    }

    @Test(arguments: [
        (["--bind", "#"], "--queue"),
        (["--queue", "q"], "--bind"),
        (["--queue", "amq.q", "--bind", "#"], "--queue"),
        (["--queue", "q", "--bind", "account.#", "Account.*"], "Account.*"),
        (["--queue", "q", "--bind", ""], "--bind"),
        (["--queue", "q", "--bind", "#", "--concurrency", "0"], "--concurrency"),
        (["--queue", "q", "--bind", "#", "--concurrency", "1001"], "--concurrency"),
    ])
    func `reports a wrong option by its name`(arguments: [String], word: String) {
        do {
            _ = try WorkerOptions.parse(arguments)
            Issue.record("\(arguments) were accepted")
        } catch {
            #expect(WorkerOptions.message(for: error).contains(word))
            #expect(WorkerOptions.exitCode(for: error) == .validationFailure)
        }
    }

    @Test func `a command takes the options as a group`() throws {
        struct Billing: ParsableCommand {
            @OptionGroup var worker: WorkerOptions
            @Flag var dry = false
        }
        let command = try Billing.parse(["--queue", "billing", "--bind", "#", "--dry"])
        #expect(command.worker.queue == "billing" && command.dry)
        #expect(throws: (any Error).self) {
            try Billing.parse(["--queue", "billing", "--bind", "#", "--concurrency", "0"])
        }
    }
}
