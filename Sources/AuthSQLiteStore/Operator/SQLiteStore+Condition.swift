// SPDX-License-Identifier: Apache-2.0
import AuthStore
public import AuthFlows
public import AuthSignals
import Foundation
import SQLiteSupport

extension SQLiteStore {
    /// The state in which a starting program would find the store.
    public enum Condition: Hashable, Sendable {
        /// The file does not exist, and can be created.
        case missing
        /// The schema is from an older version: a starting program migrates it.
        case outdated
        case current
    }

    /// Checks a store as a starting program would, without creating or changing anything.
    ///
    /// - Throws: `StoreError`: what would prevent the program from starting.
    public static func condition(of path: String, keys: KeyRing, codec: SignalCodec) async throws -> Condition
    {
        let file = SQLiteFile(path, label: "auth-store")
        try StoreError.convertingFileErrors(try file.checkFolder())
        guard file.exists else {
            let folder = URL(fileURLWithPath: path).deletingLastPathComponent().path
            guard access(folder, W_OK | X_OK) == 0 else {
                throw StoreError(
                    .unwritable, "\(path) cannot be created: \(folder): \(PrivateFile.systemError())")
            }
            return .missing
        }
        try StoreError.convertingFileErrors(try file.checkWritable())
        do {
            try await SQLiteStore(existing: path, isReadOnly: true, keys: keys, codec: codec).checkSchema()
            return .current
        } catch let error as StoreError where error.code == .outdatedSchema {
            return .outdated
        }
    }
}
