// SPDX-License-Identifier: Apache-2.0

extension String {
    /// Whether both are the same bytes of UTF-8, as SQLite, AMQP and every other program compare texts.
    ///
    /// `==` holds for different texts that are canonically equivalent too (`é` in NFC and in NFD).
    package func hasSameBytes(as other: String) -> Bool { utf8.elementsEqual(other.utf8) }
}
