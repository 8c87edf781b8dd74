// SPDX-License-Identifier: Apache-2.0

/// The protocol rules of a connection beside passing requests and responses on: a state machine without clock or
/// socket.
///
/// - A client that sends `Expect: 100-continue` before a body (RFC 9110, section 10.1.1) gets the interim response 100
///   immediately, unless the announced length is too large anyway. In that case the body is not read, and the
///   connection is closed after the response.
/// - A request has to be complete within a time limit, whether or not a handler reads its body. Otherwise a body that
///   arrives byte by byte would keep the connection open forever, even after a response that did not need it.
/// - The response to HEAD has no body, even if a handler writes one.
struct RequestReading {
    /// The relevant parts of a request's head.
    struct Head: Equatable {
        var isHead = false
        /// Whether the client waits for 100 before it sends the body.
        var awaitsContinue = false
        /// `Content-Length`; nil if the header is absent.
        var length: Int?
    }

    enum Action: Equatable {
        /// Send the interim response 100.
        case sendContinue
        /// Close the connection if the request has not ended within the time limit.
        case startTimeLimit
        /// Close the connection if the request has not ended within the short time limit, since its response is sent.
        case startShortTimeLimit
        case stopTimeLimit
        /// Close the connection once everything is written.
        case close
    }

    private struct Exchange {
        let isHead: Bool
        var awaitsContinue: Bool
        /// Whether the body is too large to be requested with 100.
        let isWithheld: Bool
    }

    let bodyLimit: Int
    /// Requests whose response has not ended, oldest first.
    private var unanswered: [Exchange] = []
    /// Whether the newest request has not ended.
    private(set) var isReading = false
    /// Whether to close the connection as soon as the newest request and its response have ended.
    private var endsAfterAnswer = false

    /// - Parameter bodyLimit: the longest announced body, in bytes, that is requested with 100.
    init(bodyLimit: Int) { self.bodyLimit = bodyLimit }

    // MARK: From the client

    mutating func receivedHead(_ head: Head) -> [Action] {
        isReading = true
        let isWithheld = head.awaitsContinue && head.length ?? 0 > bodyLimit
        unanswered.append(
            Exchange(
                isHead: head.isHead, awaitsContinue: head.awaitsContinue && !isWithheld,
                isWithheld: isWithheld))
        return continueIfFirst() + [.startTimeLimit]
    }

    /// A part of the body has arrived, so the client no longer waits for 100.
    mutating func receivedBody() {
        if !unanswered.isEmpty { unanswered[unanswered.count - 1].awaitsContinue = false }
    }

    mutating func receivedEnd() -> [Action] {
        isReading = false
        if !unanswered.isEmpty { unanswered[unanswered.count - 1].awaitsContinue = false }
        return unanswered.isEmpty && endsAfterAnswer ? [.stopTimeLimit, .close] : [.stopTimeLimit]
    }

    // MARK: From the server

    /// Whether the response that is being written has no body.
    var dropsBody: Bool { unanswered.first?.isHead ?? false }

    /// - Returns: whether the response needs `Connection: close`, because it is sent before the request has ended.
    mutating func sendsHead() -> Bool {
        if unanswered.count == 1, isReading { endsAfterAnswer = true }
        return endsAfterAnswer
    }

    mutating func sentEnd() -> [Action] {
        if unanswered.isEmpty { return [] }
        let answered = unanswered.removeFirst()
        if !unanswered.isEmpty { return continueIfFirst() }
        if isReading { return answered.isWithheld ? [.close] : [.startShortTimeLimit] }
        return endsAfterAnswer ? [.close] : []
    }

    /// Sends 100 only for the first unanswered request: it must not interrupt the response to an earlier one.
    private mutating func continueIfFirst() -> [Action] {
        guard unanswered.count == 1, unanswered[0].awaitsContinue else { return [] }
        unanswered[0].awaitsContinue = false
        return [.sendContinue]
    }
}
