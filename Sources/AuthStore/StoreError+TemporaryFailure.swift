// SPDX-License-Identifier: Apache-2.0
public import AuthFlows

extension StoreError: TemporaryFailure {
    /// Freeing space on a full disk, or putting back a replaced file, takes an operator; a busy store is free in a
    /// moment.
    public var secondsUntilRetry: Int? {
        switch code {
        case .full, .replaced: 30
        case .busy: 1
        default: nil
        }
    }
}
