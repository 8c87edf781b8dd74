// SPDX-License-Identifier: Apache-2.0

/// An enumeration on the wire to which values may be added later: a struct around its string, never a closed `enum`.
///
/// Conform your own type to list its values in the catalogue and, as examples, in the schemas.
public protocol OpenEnumeration: RawRepresentable, Codable, Sendable where RawValue == String {
    /// The values known today, in the order in which they are listed.
    static var knownValues: [Self] { get }
}
