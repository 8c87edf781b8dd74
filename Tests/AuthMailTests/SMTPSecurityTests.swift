// SPDX-License-Identifier: Apache-2.0
import AuthMail
import AuthTesting
import Foundation
import Logging
import Testing
import ToolSupport

/// TLS and log-in, with a server whose certificate is generated for the test.
@Suite(.needsPython) struct SMTPSecurityTests {
    private static let password = "s3cret:p@ss"

    /// Replaces `PORT` and `CA` in the URL, sends one mail to it and returns the received mail.
    private func send(
        _ url: String, _ behaviour: SMTPServer.Behaviour,
        certificateFor name: String = "DNS:localhost,IP:127.0.0.1"
    ) async throws -> SMTPServer.Received? {
        let certificates = try await Certificates.make(for: name)
        defer { certificates.remove() }
        var behaviour = behaviour
        if behaviour.removeValue(forKey: "tls") != nil { certificates.add(to: &behaviour) }
        return try await SMTPServer.run(behaviour) { server in
            let url = try MailURL(
                url.replacingOccurrences(of: "PORT", with: "\(server.port)")
                    .replacingOccurrences(of: "CA", with: certificates.path("ca.pem")))
            let transport = url.transport(logger: Logger(label: "test"))
            try await transport.check()
            try await transport.send(Samples.rendered())
            try await eventually("the mail arrives") { server.mails.count == 1 }
            await transport.close()
            return server.mails.first
        }
    }

    private func fault(
        _ url: String, _ behaviour: SMTPServer.Behaviour,
        certificateFor name: String = "DNS:localhost,IP:127.0.0.1"
    ) async -> MailError? {
        let fault = await #expect(throws: MailError.self) {
            try await send(url, behaviour, certificateFor: name)
        }
        #expect(fault?.description.contains("s3cret") == false)
        #expect(fault?.isPermanent == false)
        return fault
    }

    @Test func `user and password log in over STARTTLS`() async throws {
        let mail = try await send(
            "smtp://ann%40example.org:s3cret%3Ap%40ss@localhost:PORT?cacertfile=CA",
            ["tls": true, "user": "ann@example.org", "password": Self.password])
        #expect(mail?.tls == true)
        #expect(mail?.user == "ann@example.org")
    }

    @Test func `user and password log in over smtps`() async throws {
        let mail = try await send(
            "smtps://ann:s3cret%3Ap%40ss@127.0.0.1:PORT?cacertfile=CA",
            ["tls": true, "implicit_tls": true, "user": "ann", "password": Self.password])
        #expect(mail?.tls == true)
        #expect(mail?.user == "ann")
    }

    @Test func `a wrong password is a transport error, not a mail error`() async {
        let fault = await fault(
            "smtp://ann:s3cret@localhost:PORT?cacertfile=CA",
            ["tls": true, "user": "ann", "password": "other"])
        #expect(fault?.code == .loginRefused)
        #expect(fault?.replyCode == 535)
        #expect(fault?.concernsTransport == true)
    }

    @Test func `a password is not sent to a server without TLS`() async {
        let fault = await fault("smtp://ann:s3cret@localhost:PORT", [:])
        #expect(fault?.code == .tlsFailed)
    }

    @Test func `sends nothing if required STARTTLS is not offered`() async {
        let fault = await fault("smtp://localhost:PORT?starttls=required", [:])
        #expect(fault?.code == .tlsFailed)
    }

    @Test(arguments: ["smtp://localhost:PORT?starttls=required", "smtp://ann:s3cret@localhost:PORT"])
    func `sends nothing to a server with an untrusted certificate`(url: String) async {
        let fault = await fault(url, ["tls": true])
        #expect(fault?.code == .tlsFailed)
    }

    @Test(arguments: [
        "smtps://localhost:PORT?cacertfile=CA", "smtp://localhost:PORT?starttls=required&cacertfile=CA",
    ])
    func `sends nothing to a server with a certificate for another name`(url: String) async {
        let behaviour = ["tls": true, "implicit_tls": url.hasPrefix("smtps")]
        let fault = await fault(url, behaviour, certificateFor: "DNS:mail.example.net")
        #expect(fault?.code == .tlsFailed)
    }

    @Test func `opportunistic STARTTLS accepts any certificate and falls back to plain text`()
        async throws
    {
        #expect(try await send("smtp://localhost:PORT", ["tls": true])?.tls == true)
        #expect(try await send("smtp://localhost:PORT", [:])?.tls == false)
    }

    @Test func `the error for a password without TLS names the reason and the fix`()
        async
    {
        let fault = await fault("smtp://ann:s3cret%3Ap%40ss@localhost:PORT", [:])
        #expect(fault?.code == .tlsFailed)
        #expect(fault?.message.contains("never sent without TLS") == true)
        #expect(fault?.message.contains("use smtps://") == true)
    }

    @Test func `a server without TLS is a TLS error, not an unavailable server`() async {
        let fault = await fault("smtps://localhost:PORT?cacertfile=CA", [:])
        #expect(fault?.code == .tlsFailed)
    }

    @Test func `a TLS connection closed by the server loses no mail and does not end the process`()
        async throws
    {
        let certificates = try await Certificates.make()
        defer { certificates.remove() }
        var behaviour: SMTPServer.Behaviour = ["implicit_tls": true, "end": "close"]
        certificates.add(to: &behaviour)
        try await SMTPServer.run(behaviour) { server in
            let authority = certificates.path("ca.pem")
            let url = try MailURL("smtps://localhost:\(server.port)?cacertfile=\(authority)")
            let transport = url.transport(logger: Logger(label: "test"))
            for count in 1...4 {
                try await transport.send(Samples.rendered())
                try await eventually("the server closes the connection") { server.count("closed") == count }
            }
            #expect(server.mails.count == 4)
            await transport.close()
        }
    }
}

extension Certificates {
    /// Makes a server present the certificate.
    fileprivate func add(to behaviour: inout SMTPServer.Behaviour) {
        behaviour["certificate"] = path("server.pem")
        behaviour["key"] = path("server.key")
    }
}
