// SPDX-License-Identifier: Apache-2.0

/// A program, or somebody it talks to, did something else than the test needs to go on.
package struct Mishap: Error, CustomStringConvertible {
    package var description: String
    package init(_ description: String) { self.description = description }
}
