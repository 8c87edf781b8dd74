// SPDX-License-Identifier: Apache-2.0

/// A choice on the wire to which values may be added: a struct around its text, never a closed `enum`.
///
/// Conform one of your own for its values to be in the catalogue and the schemas, as examples.
public protocol OpenEnumeration: RawRepresentable, Codable, Sendable where RawValue == String {
    /// The values that are known today, in the order in which they are to be told.
    static var knownValues: [Self] { get }
}
