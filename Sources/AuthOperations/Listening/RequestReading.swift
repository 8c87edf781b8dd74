// SPDX-License-Identifier: Apache-2.0

/// What a connection has to do beside handing requests and responses on: a state machine without clock or socket.
///
/// - A client that asks before it sends a body (`Expect: 100-continue`, RFC 9110, section 10.1.1) is told to go
///   on at once, unless the announced length is refused anyway: then nothing is read, and the connection ends
///   with the answer.
/// - A request has to come to its end in time, whoever reads it. A body that arrives byte by byte would keep
///   the connection forever, also after an answer that did not need it.
/// - The response to HEAD has no body, whoever writes it.
struct RequestReading {
    /// What a request's head says.
    struct Head: Equatable {
        var isHead = false
        /// Whether the client waits for 100 before it sends the body.
        var awaitsContinue = false
        /// `Content-Length`; nil if the length is not announced.
        var length: Int?
    }

    enum Action: Equatable {
        /// Send the interim response 100.
        case sendContinue
        /// Close the connection if the request has not ended within the time limit.
        case startTimeLimit
        /// Close the connection if the request has not ended in a short while: its answer is sent.
        case startShortTimeLimit
        case stopTimeLimit
        /// Close the connection after what was written.
        case close
    }

    private struct Exchange {
        let isHead: Bool
        var awaitsContinue: Bool
        /// Whether the body is refused without 100.
        let isWithheld: Bool
    }

    let bodyLimit: Int
    /// Requests without the end of their response, oldest first.
    private var unanswered: [Exchange] = []
    /// Whether the newest request has not ended.
    private(set) var isReading = false
    /// Whether the connection ends as soon as the newest request is answered and has ended.
    private var endsAfterAnswer = false

    /// - Parameter bodyLimit: the most bytes that a body may announce and still be asked for.
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

    /// A part of the body: the client does not wait for 100 any more.
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

    /// - Returns: whether the client is to be told that the connection ends: it is answered in the middle of its
    ///   request.
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

    /// 100 must not come into the middle of the response to an earlier request.
    private mutating func continueIfFirst() -> [Action] {
        guard unanswered.count == 1, unanswered[0].awaitsContinue else { return [] }
        unanswered[0].awaitsContinue = false
        return [.sendContinue]
    }
}
