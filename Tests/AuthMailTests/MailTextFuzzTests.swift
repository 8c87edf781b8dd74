// SPDX-License-Identifier: Apache-2.0
import Foundation
import Testing
import ToolSupport

@testable import AuthMail

/// Mutated settings, template files and user texts cause neither a header injection nor a crash.
@Suite struct MailTextFuzzTests {
    private static let rounds = 1500 * TestSeed.times

    @Test func `a mutated URL, address or template is rejected or safe to use`() {
        var mutator = Mutator(seed: TestSeed.value)
        for round in 0..<Self.rounds {
            let place = "seed \(TestSeed.value), round \(round)"
            _ = try? MailURL(mutator.mutate("smtps://user:p%40ss@mail.example.org:465/?ca=/etc/ca.pem"))
            _ = try? MailURL(mutator.mutate("file:/var/mail"))
            let text = mutator.mutate(#""Jane \"D\" Döe" <jane@example.org>"#)
            if let address = try? MailAddress(parsing: text) {
                let line = try? HeaderText.line("To", address.headerText)
                let isOneHeader =
                    line.map { !$0.dropLast(2).replacing("\r\n ", with: "").contains("\n") } ?? true
                #expect(isOneHeader, "\(place): \(text)")
            }
            let source = mutator.mutate("a {{ x }}{% if y %}\n{% if x %}b{% endif %}{{ y }}{% endif %} c")
            if let template = try? MailTemplate(source) {
                let rendered = try? template.render(["x": "<1>", "y": "2"], escapesHTML: true)
                #expect(rendered?.contains("<1>") != true || source.contains("<1>"), "\(place): \(source)")
            }
            let body = MailBody(mutator.mutate("Grüße\r\n.\r\nFrom x\n"), type: "text/plain")
            #expect(body.content.hasSuffix("\r\n") || body.content.isEmpty, "\(place)")
            let lines = body.content.components(separatedBy: "\r\n")
            let fits = lines.allSatisfy { line in
                line.utf8.count <= 998 && line.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7f || $0 == 0x09 }
            }
            #expect(fits, "\(place)")
        }
    }
}
