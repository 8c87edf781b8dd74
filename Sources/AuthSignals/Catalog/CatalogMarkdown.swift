// SPDX-License-Identifier: Apache-2.0

/// The catalogue as a Markdown page.
struct CatalogMarkdown {
    var schemas: [SignalSchema]

    var text: String {
        var text = """
            # Signals

            Routing key and `type` are the signal's name. Members that are not named here may come; absent and null
            mean the same; enumerations are open. *Personal* members are absent in the `thin` profile.

            | signal | `data` beyond `request` | sent when |
            | --- | --- | --- |

            """
        for schema in schemas {
            let members = schema.membersBeyondRequest.map { "`\($0)`" }.joined(separator: ", ")
            text += "| `\(schema.name)` | \(members) | \(Self.cell(schema.summary)) |\n"
        }
        for schema in schemas { text += Self.section(schema) }
        return text
    }

    private static func section(_ schema: SignalSchema) -> String {
        var text = "\n## \(schema.name)\n\n"
        if !schema.summary.isEmpty {
            text += "Sent when: \(schema.summary). "
        }
        text += "Schema version \(schema.version).\n\n| member | kind | |\n| --- | --- | --- |\n"
        for member in schema.members {
            var remarks = [member.isRequired ? "required" : "may be absent"]
            if member.isPersonal { remarks.append("*personal*") }
            if !member.knownValues.isEmpty {
                remarks.append(member.knownValues.map { "`\($0)`" }.joined(separator: ", "))
            }
            text += "| `\(member.path)` | \(member.kind) | \(cell(remarks.joined(separator: "; "))) |\n"
        }
        return text
    }

    private static func cell(_ text: String) -> String {
        String(text.flatMap { $0 == "|" ? ["\\", "|"] : $0.isNewline ? [" "] : [$0] })
    }
}
