// SPDX-License-Identifier: Apache-2.0
public import AuthStore

extension SQLiteStore: OperatedStore {
    public func checkReachable() async throws { try checkFile() }

    public func receiversFinished() async { await receivers.finished() }
}
