// SPDX-License-Identifier: Apache-2.0
public import AuthFlows
public import AuthSignals
import Foundation

extension SQLiteStore {
    /// What a program that starts would find.
    public enum Condition: Hashable, Sendable {
        /// The file does not exist, and can be made.
        case missing
        /// The schema is of an older version: a start migrates it.
        case outdated
        case current
    }

    /// Looks at a store as a program that starts would, and makes and changes nothing.
    ///
    /// - Throws: ``StoreError``: what would keep the program from starting.
    public static func condition(of path: String, keys: KeyRing, codec: SignalCodec) async throws -> Condition
    {
        try StoreFile.checkPlace(path)
        guard access(path, F_OK) == 0 else {
            let folder = URL(fileURLWithPath: path).deletingLastPathComponent().path
            guard access(folder, W_OK | X_OK) == 0 else {
                throw StoreError(
                    .unwritable, "\(path) cannot be made: \(folder): \(PrivateFile.systemError())")
            }
            return .missing
        }
        try StoreFile.checkWritable(path)
        do {
            try await SQLiteStore(existing: path, isReadOnly: true, keys: keys, codec: codec).checkSchema()
            return .current
        } catch let error as StoreError where error.code == .outdatedSchema {
            return .outdated
        }
    }
}
