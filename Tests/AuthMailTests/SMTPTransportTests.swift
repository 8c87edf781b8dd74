// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthMail
import AuthTesting
import AuthSignals
import Foundation
import Testing

/// Conversations with a real server, without TLS and log-in.
@Suite(.needsPython) struct SMTPTransportTests {
    private func transport(
        _ server: SMTPServer, connections: Int = 1, _ change: (inout SMTPSettings) -> Void = { _ in }
    ) -> SMTPTransport {
        var settings = SMTPSettings(host: "127.0.0.1", port: server.port)
        change(&settings)
        return SMTPTransport(settings, connections: connections)
    }

    /// The error of sending one mail.
    private func fault(
        _ behaviour: SMTPServer.Behaviour, _ change: (inout SMTPSettings) -> Void = { _ in }
    ) async throws -> MailError? {
        try await SMTPServer.run(behaviour) { server in
            let transport = transport(server, change)
            let mail = try Samples.rendered()
            return await #expect(throws: MailError.self) { try await transport.send(mail) }
        }
    }

    @Test func `a mail arrives with its envelope and every byte`() async throws {
        try await SMTPServer.run { server in
            let mail = try Samples.rendered()
            try await transport(server).send(mail)
            try await eventually("the mail arrives") { server.mails.count == 1 }
            let received = try #require(server.mails.first)
            #expect(received.sender == "accounts@example.org")
            #expect(received.recipients == ["ann@example.org"])
            #expect(received.message.raw == String(decoding: mail.message, as: UTF8.self))
            #expect(received.message.values("Subject") == ["[Example] Please confirm your e-mail address"])
            #expect(received.message.defects == [])
        }
    }

    @Test func `lines that begin with dots arrive unchanged and do not end the mail`() async throws {
        try await SMTPServer.run { server in
            let text = ".\n..\n...\n.\n\nRSET\n.hidden\n" + String(repeating: ".\n", count: 40_000) + "end"
            var mail = try Samples.rendered()
            mail.message = try MailMessage(
                id: mail.id, date: mail.date, from: MailAddress(address: "a@example.org"),
                to: MailAddress(address: "b@example.org"), subject: "dots", text: text
            ).encoded()
            try await transport(server).send(mail)
            try await eventually("the mail arrives") { server.mails.count == 1 }
            #expect(server.mails.first?.message.raw == String(decoding: mail.message, as: UTF8.self))
        }
    }

    @Test func `a mail that begins with a dot arrives unchanged`() async throws {
        try await SMTPServer.run { server in
            var mail = try Samples.rendered()
            mail.message = Data(".\r\n.X: 1\r\n\r\nbody\r\n".utf8)
            try await transport(server).send(mail)
            try await eventually("the mail arrives") { server.mails.count == 1 }
            #expect(server.mails.first?.message.raw == ".\r\n.X: 1\r\n\r\nbody\r\n")
        }
    }

    @Test func `reuses a connection for the next mail`() async throws {
        try await SMTPServer.run { server in
            let transport = transport(server)
            for _ in 0..<3 { try await transport.send(Samples.rendered()) }
            try await eventually("the mails arrive") { server.mails.count == 3 }
            #expect(Set(server.mails.map(\.connection)).count == 1)
        }
    }

    @Test(arguments: ["close", "421"])
    func `a kept connection closed by the server loses no mail`(end: String) async throws {
        try await SMTPServer.run(["end": end]) { server in
            let transport = transport(server)
            for count in 1...3 {
                try await transport.send(Samples.rendered())
                try await eventually("the server closes the connection") { server.count("closed") == count }
            }
            #expect(server.mails.count == 3)
            #expect(Set(server.mails.map(\.connection)).count == 3)
        }
    }

    @Test func `sends several mails at a time over several connections`() async throws {
        try await SMTPServer.run { server in
            let transport = transport(server, connections: 4)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<40 { group.addTask { try await transport.send(Samples.rendered()) } }
                try await group.waitForAll()
            }
            try await eventually("the mails arrive") { server.mails.count == 40 }
            #expect(Set(server.mails.flatMap { $0.message.values("Message-ID") }).count == 40)
            #expect(server.count("connected") <= 4)
        }
    }

    @Test func `announces a non-ASCII address with SMTPUTF8`() async throws {
        try await SMTPServer.run { server in
            let transport = transport(server)
            try await transport.send(Samples.rendered(to: "änn@example.org"))
            try await transport.send(Samples.rendered(to: "ann@bücher.example"))
            try await eventually("the mails arrive") { server.mails.count == 2 }
            #expect(server.mails[0].recipients == ["änn@example.org"])
            #expect(server.mails[0].options.contains("SMTPUTF8"))
            #expect(server.mails[1].recipients == ["ann@xn--bcher-kva.example"])
        }
    }

    @Test func `a permanently refused recipient is a mail error that does not quote the address`()
        async throws
    {
        let fault = try await fault([
            "rcpt": "550 5.1.1 <ADDRESS> ADDRESS: no mailbox of ann@EXAMPLE.org here"
        ])
        #expect(fault?.code == .refused)
        #expect(fault?.replyCode == 550)
        #expect(fault?.isPermanent == true)
        #expect(fault?.concernsTransport == false)
        #expect(fault?.message.contains("no mailbox of <address> here") == true)
        #expect(fault?.description.lowercased().contains("ann") == false)
    }

    @Test func `permanently refused content is a mail error`() async throws {
        let fault = try await fault(["data": "554 5.6.0 looks like spam"])
        #expect(fault?.code == .refused)
        #expect(fault?.replyCode == 554)
        #expect(fault?.description == "refused: 554 5.6.0 looks like spam")
    }

    @Test(arguments: [["rcpt": "450 4.2.0 greylisted"], ["data": "451 4.3.0 try again later"]])
    func `a temporary refusal can be retried`(behaviour: [String: String]) async throws {
        let fault = try await fault(behaviour)
        #expect(fault?.code == .postponed)
        #expect(fault?.isPermanent == false)
        #expect(fault?.concernsTransport == false)
    }

    @Test(arguments: [
        ["mail": "550 5.7.1 sender not allowed"], ["mail": "421 4.3.2 going down"],
        ["rcpt": "421 4.3.2 going down"], ["greeting": "554 no service"], ["greeting": "HTTP/1.1 400 Bad"],
    ])
    func `a server that accepts no mail at all is a transport error`(behaviour: [String: String])
        async throws
    {
        let fault = try await fault(behaviour) { $0.sendTimeout = .seconds(2) }
        #expect(fault?.isPermanent == false)
        #expect(fault?.concernsTransport == true)
    }

    @Test func `a server that requires a log-in is a transport error`() async throws {
        let fault = try await fault(["rcpt": "530 5.7.0 authentication required"])
        #expect(fault?.code == .loginRefused)
        #expect(fault?.concernsTransport == true)
    }

    @Test func `reports a closed port at once`() async throws {
        // No process listens on port 1 of loopback.
        let transport = SMTPTransport(SMTPSettings(host: "127.0.0.1", port: 1))
        let mail = try Samples.rendered()
        for call in [{ try await transport.send(mail) }, { try await transport.check() }] {
            let fault = await #expect(throws: MailError.self) { try await call() }
            #expect(fault?.code == .unavailable)
            #expect(fault?.concernsTransport == true)
        }
    }

    @Test(arguments: ["connect", "data"])
    func `a silent server times out`(place: String) async throws {
        let fault = try await fault(["hang": place]) { $0.sendTimeout = .milliseconds(400) }
        #expect(fault?.code == .timedOut)
        #expect(fault?.isPermanent == false)
    }

    @Test(arguments: ["connect", "data"])
    func `cancellation interrupts a silent server and does not affect the next mail`(place: String)
        async throws
    {
        try await SMTPServer.run(["hang": place]) { server in
            let transport = transport(server)
            let mail = try Samples.rendered()
            let sending = Task { try await transport.send(mail) }
            let sign = place == "data" ? "hanging" : "connected"
            try await eventually("the server stops responding") { server.count(sign) == 1 }
            let waiting = Task { try await transport.send(mail) }
            waiting.cancel()
            sending.cancel()
            for task in [waiting, sending] {
                let fault = await #expect(throws: MailError.self) { try await task.value }
                #expect(fault?.code == .interrupted)
            }
            let next = Task { try await transport.send(mail) }
            try await eventually("the next mail is sent on a new connection") {
                server.count(sign) == 2 && server.count("connected") == 2
            }
            next.cancel()
            _ = await next.result
        }
    }

    @Test func `close() interrupts the mail in flight and rejects later mails`() async throws {
        try await SMTPServer.run(["hang": "data"]) { server in
            let transport = transport(server)
            let mail = try Samples.rendered()
            let sending = Task { try await transport.send(mail) }
            try await eventually("the server stops responding") { server.count("hanging") == 1 }
            await transport.close()
            #expect(await #expect(throws: MailError.self) { try await sending.value }?.code == .interrupted)
            #expect(
                await #expect(throws: MailError.self) { try await transport.send(mail) }?.code == .interrupted
            )
        }
    }

    @Test(arguments: [
        "ann@example.org>\r\nRCPT TO:<eve@example.org", "ann@example.org\nDATA", "a b@example.org", "",
        "a\u{0}b",
        "ann@example.org> SIZE=1",
    ])
    func `rejects an envelope address that could inject a command`(address: String) async throws {
        try await SMTPServer.run { server in
            let transport = transport(server)
            var mail = try Samples.rendered()
            mail.recipient = address
            let fault = await #expect(throws: MailError.self) { try await transport.send(mail) }
            #expect(fault?.code == .malformed)
            #expect(server.count("connected") == 0)
        }
    }

    @Test func `check() connects and sends no mail`() async throws {
        try await SMTPServer.run { server in
            try await transport(server).check()
            try await eventually("the server was contacted") { server.count("connected") == 1 }
            #expect(server.mails.isEmpty)
        }
    }

    @Test func `check() sends an envelope up to the recipient, resets it and sends no mail`()
        async throws
    {
        try await SMTPServer.run { server in
            try await transport(server) { $0.checkAddress = "accounts@example.org" }.check()
            try await eventually("the envelope is reset") { server.count("reset") == 1 }
            #expect(server.count("recipient") == 1)
            #expect(server.count("connected") == 1)
            #expect(server.mails.isEmpty)
        }
    }

    @Test(arguments: [["rcpt": "554 5.7.1 relay access denied"], ["mail": "550 5.1.8 unknown sender domain"]])
    func `check() fails if the server refuses the envelope`(behaviour: [String: String]) async throws {
        try await SMTPServer.run(behaviour) { server in
            let transport = transport(server) { $0.checkAddress = "accounts@example.org" }
            let fault = await #expect(throws: MailError.self) { try await transport.check() }
            #expect(fault?.concernsTransport == true)
        }
    }

    @Test func `EHLO uses the configured name, and a mail reuses the connection of check()`()
        async throws
    {
        try await SMTPServer.run(["helo": "accounts.example.org"]) { server in
            let transport = transport(server) {
                $0.helloName = "accounts.example.org"
                $0.checkAddress = "accounts@example.org"
            }
            try await transport.check()
            try await transport.send(Samples.rendered())
            try await eventually("the mail arrives") { server.mails.count == 1 }
            #expect(server.count("connected") == 1)
        }
    }

    @Test func `the EHLO name can be an address in brackets`() async throws {
        try await SMTPServer.run(["helo": "[192.0.2.1]"]) { server in
            try await transport(server) { $0.helloName = "[192.0.2.1]" }.send(Samples.rendered())
            try await eventually("the mail arrives") { server.mails.count == 1 }
        }
    }

    @Test(arguments: [
        "554 5.7.1 <ADDRESS>: Relay access denied", "550 5.7.26 unauthenticated mail is not accepted",
        "504 5.5.2 <localhost>: Helo command rejected: need fully-qualified hostname",
        "550 5.7.509 access denied, sending domain does not pass DMARC",
        "553 5.1.8 sender domain does not exist",
        "550 5.1.7 bad sender address", "554 5.3.2 system not accepting network messages",
        "503 bad sequence of commands",
        "502 command not implemented", "521 this host accepts no mail",
    ])
    func `a policy, security or protocol refusal is not a recipient error`(reply: String) async throws {
        let fault = try await fault(["rcpt": reply])
        #expect(fault?.code == .policyRefused)
        #expect(fault?.isPermanent == false)
        #expect(fault?.concernsTransport == true)
    }

    @Test(arguments: [
        "550 5.1.1 user unknown", "550 no such user", "552 5.2.2 mailbox full",
        "550 5.1.10 recipient not found",
        "553 mailbox name not allowed", "551 user not local", "550 5.2.1 mailbox disabled",
        "501 5.1.3 bad address syntax",
    ])
    func `a refusal of the mailbox is permanent`(reply: String) async throws {
        let fault = try await fault(["rcpt": reply])
        #expect(fault?.code == .refused)
        #expect(fault?.isPermanent == true)
    }

    @Test func `refused content is permanent, a policy refusal of it is not`() async throws {
        #expect(try await fault(["data": "552 5.3.4 message too big"])?.code == .refused)
        #expect(try await fault(["data": "550 5.7.1 sending domain is blocked"])?.code == .policyRefused)
        #expect(try await fault(["data": "554 5.4.4 unable to route"])?.code == .postponed)
    }
}
