// SPDX-License-Identifier: Apache-2.0

/// An error with a short code for the log, so that its cause is found without its text, which may quote personal data.
public protocol CodedFailure: Error {
    /// The kind of the error, such as `busy`, with the code of the database if it reported one, such as
    /// `rejected 23514`. It contains no value and no address.
    var logCode: String { get }
}
