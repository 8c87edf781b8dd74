// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthTesting
import Dispatch

/// A password scheme that blocks each comparison until the test opens it, and accepts every password.
final class Door: PasswordScheme {
    static let hash = PasswordHash(stored: "door$")

    private let gate = DispatchSemaphore(value: 0)
    private let entered = Locked(0)

    func recognizes(_ hash: PasswordHash) -> Bool { hash == Self.hash }

    func verify(_ password: Password, _ hash: PasswordHash) -> Bool {
        entered.change { $0 += 1 }
        _ = gate.wait(timeout: .now() + 60)
        return true
    }

    /// Lets one comparison finish.
    func open() { gate.signal() }

    func waitUntilEntered(_ count: Int = 1) async throws {
        try await eventually("\(count) passwords are being compared") { entered.value >= count }
    }
}
