// SPDX-License-Identifier: Apache-2.0

/// An unexpected behaviour of a program or its peer that prevents the test from continuing.
package struct Mishap: Error, CustomStringConvertible {
    package var description: String
    package init(_ description: String) { self.description = description }
}
