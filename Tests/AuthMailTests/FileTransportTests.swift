// SPDX-License-Identifier: Apache-2.0
import AuthMail
import AuthSignals
import Foundation
import Testing

@Suite struct FileTransportTests {
    @Test func `writes each mail to one complete file that only its owner can read`() async throws {
        try await withTemporaryFolder { parent in
            let folder = "\(parent)/a/mail"
            let transport = FileTransport(folder: folder)
            let mail = try Samples.rendered(id: Samples.id)
            try await transport.send(mail)
            let names = try FileManager.default.contentsOfDirectory(atPath: folder)
            #expect(names == ["20261123T080000.123Z-0199f0c2-0000-7000-8000-000000000001.eml"])
            let path = "\(folder)/\(names[0])"
            #expect(FileManager.default.contents(atPath: path) == mail.message)
            let attributes = try FileManager.default.attributesOfItem(atPath: path)
            #expect(attributes[.posixPermissions] as? Int == 0o600)
            let folderAttributes = try FileManager.default.attributesOfItem(atPath: folder)
            #expect(folderAttributes[.posixPermissions] as? Int == 0o700)
        }
    }

    @Test func `sending the same mail twice leaves one file`() async throws {
        try await withTemporaryFolder { folder in
            let transport = FileTransport(folder: folder)
            let mail = try Samples.rendered()
            try await transport.send(mail)
            try await transport.send(mail)
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder).count == 1)
        }
    }

    @Test func `file names sort in queue order`() async throws {
        try await withTemporaryFolder { folder in
            let transport = FileTransport(folder: folder)
            let renderer = try Samples.renderer()
            let moments = [0, 0.001, 0.999, 60, 86_400, 40 * 86_400].map {
                Samples.date.addingTimeInterval($0)
            }
            for moment in moments.reversed() {
                try await transport.send(renderer.render(Samples.queued(id: UUID(), queuedAt: moment)))
            }
            let names = try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
            let prefixes = names.compactMap { $0.split(separator: "-").first.map(String.init) }
            #expect(prefixes == moments.map { $0.wireText.filter { $0 != "-" && $0 != ":" } })
        }
    }

    @Test func `an unwritable folder is a transport error, not a mail error`() async throws {
        try await withTemporaryFolder { parent in
            try Data().write(to: URL(filePath: "\(parent)/file"))
            let transport = FileTransport(folder: "\(parent)/file/mail")
            let mail = try Samples.rendered()
            for call in [{ try await transport.send(mail) }, { try await transport.check() }] {
                let fault = await #expect(throws: MailError.self) { try await call() }
                #expect(fault?.code == .storage)
                #expect(fault?.isPermanent == false)
                #expect(fault?.concernsTransport == true)
            }
        }
    }

    @Test func `check() writes no mail`() async throws {
        try await withTemporaryFolder { folder in
            try await FileTransport(folder: folder).check()
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder).isEmpty)
        }
    }
}
