// SPDX-License-Identifier: Apache-2.0
import AuthServiceKit

@main
enum AuthConsumerProgram {
    static let name = "auth-consumer"

    static func main() async { await CommandLineProgram.main(Worker.self, program: name) }
}
