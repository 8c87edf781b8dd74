// SPDX-License-Identifier: Apache-2.0

extension String {
    /// Whether both have the same UTF-8 bytes, which is how SQLite, AMQP and other programs compare strings.
    ///
    /// `==` is also true for different bytes that are canonically equivalent (`é` in NFC and in NFD).
    package func hasSameBytes(as other: String) -> Bool { utf8.elementsEqual(other.utf8) }
}
