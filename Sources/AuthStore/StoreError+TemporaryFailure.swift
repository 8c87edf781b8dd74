// SPDX-License-Identifier: Apache-2.0
public import AuthFlows

extension StoreError: TemporaryFailure {
    /// A full disk wants somebody to make room, a file that is gone to be put back; a busy store is free in a moment.
    public var secondsUntilRetry: Int? {
        switch code {
        case .full, .replaced: 30
        case .busy: 1
        default: nil
        }
    }
}
