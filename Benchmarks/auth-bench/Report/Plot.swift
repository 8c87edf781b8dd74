// SPDX-License-Identifier: Apache-2.0

/// Rates and processor time per message as a bar chart: a self-contained SVG.
enum Plot {
    private static let width = 760
    private static let labelWidth = 300
    private static let barHeight = 18

    static func svg(_ reports: [RowReport]) -> String {
        var y = 28
        var parts: [String] = []
        for (title, unit, value) in [
            ("Messages per second (more is better)", "/s", { (side: RowReport.Side) in side.rate }),
            (
                "Processor time per message, µs (less is better)", "µs",
                { (side: RowReport.Side) in side.cpu }
            ),
        ] {
            parts.append(text(title, x: 10, y: y, size: 15, weight: "bold"))
            y += 16
            let longest = reports.flatMap(\.sides).compactMap(value).max() ?? 1
            for report in reports where report.sides.contains(where: { value($0) != nil }) {
                y += 18
                parts.append(text(report.heading, x: 10, y: y, size: 12, weight: "bold"))
                y += 6
                for (index, side) in report.sides.enumerated() {
                    guard let number = value(side) else { continue }
                    parts += bar(side.name, number, of: longest, unit, y: y, isOurs: index == 0)
                    y += barHeight + 2
                }
            }
            y += 36
        }
        return """
            <svg xmlns="http://www.w3.org/2000/svg" width="\(width)" height="\(y)" \
            viewBox="0 0 \(width) \(y)" font-family="sans-serif">
            <rect width="\(width)" height="\(y)" fill="#ffffff"/>
            \(parts.joined(separator: "\n"))
            </svg>

            """
    }

    private static func bar(
        _ name: String, _ number: Double, of longest: Double, _ unit: String, y: Int, isOurs: Bool
    ) -> [String] {
        let length = Int(number / longest * Double(width - labelWidth - 110))
        let shown = number >= 1000 ? Int(number.rounded()).grouped : number.short
        return [
            text(name, x: 20, y: y + 13, size: 11, weight: "normal"),
            """
            <rect x="\(labelWidth)" y="\(y)" width="\(max(1, length))" height="\(barHeight)" \
            fill="\(isOurs ? "#e4572e" : "#9aa5b1")"/>
            """,
            text(
                "\(shown) \(unit)", x: labelWidth + max(1, length) + 6, y: y + 13, size: 11, weight: "normal"),
        ]
    }

    private static func text(_ words: String, x: Int, y: Int, size: Int, weight: String) -> String {
        let escaped = words.replacing("&", with: "&amp;").replacing("<", with: "&lt;")
        return """
            <text x="\(x)" y="\(y)" font-size="\(size)" font-weight="\(weight)" fill="#1f2933">\(escaped)</text>
            """
    }
}
