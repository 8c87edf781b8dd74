// SPDX-License-Identifier: Apache-2.0
package import Synchronization

/// Tasks that wait for a change of a state, oldest first. The list is a member of that state, under the same lock.
/// `wait(in:until:)` adds a task; a cancelled task is removed.
///
/// The code that changes the state removes the tasks that may continue, under the lock, and resumes them afterwards.
package struct WaiterList: Sendable {
    /// A suspended task. Resume it exactly once, after the lock is released; an error is what its wait throws.
    package typealias Waiter = CheckedContinuation<Void, any Error>

    private var waiting: [(number: Int, waiter: Waiter)] = []
    private var last = 0

    package init() {}

    package var isEmpty: Bool { waiting.isEmpty }

    /// Removes the task that has waited longest.
    package mutating func removeFirst() -> Waiter? {
        waiting.isEmpty ? nil : waiting.removeFirst().waiter
    }

    /// Removes all tasks, oldest first.
    package mutating func removeAll() -> [Waiter] {
        defer { waiting = [] }
        return waiting.map(\.waiter)
    }

    fileprivate mutating func nextNumber() -> Int {
        last += 1
        return last
    }

    fileprivate mutating func add(_ waiter: Waiter, _ number: Int) { waiting.append((number, waiter)) }

    fileprivate mutating func remove(_ number: Int) -> Waiter? {
        guard let index = waiting.firstIndex(where: { $0.number == number }) else { return nil }
        return waiting.remove(at: index).waiter
    }
}

extension Mutex where Value: Sendable {
    /// Returns immediately if the condition holds; otherwise suspends the task until it is removed from the list and
    /// resumed. The condition is not checked again: the code that resumes a task changes the state for it.
    ///
    /// - Parameter mayContinue: Called once, under the lock, unless the task is cancelled. It may change the state, and
    ///   what it throws is thrown.
    /// - Throws: `CancellationError` if the task is cancelled before or during the wait, or the error that the task was
    ///   resumed with.
    package borrowing func wait(
        in list: any WritableKeyPath<Value, WaiterList> & Sendable,
        until mayContinue: (inout Value) throws -> Bool
    ) async throws {
        let number = withLock { $0[keyPath: list].nextNumber() }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { (waiter: WaiterList.Waiter) in
                let answer: Result<Void, any Error>? = withLock { state in
                    do {
                        // Checked under the lock, which the cancellation handler needs to remove the task.
                        try Task.checkCancellation()
                        if try mayContinue(&state) { return .success(()) }
                    } catch {
                        return .failure(error)
                    }
                    state[keyPath: list].add(waiter, number)
                    return nil
                }
                if let answer { waiter.resume(with: answer) }
            }
        } onCancel: {
            withLock { $0[keyPath: list].remove(number) }?.resume(throwing: CancellationError())
        }
    }
}
