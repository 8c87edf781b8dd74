// SPDX-License-Identifier: Apache-2.0
import AuthSignals

/// The golden files of the catalogue's outputs.
enum CatalogGolden {
    static let forms: [(format: CatalogFormat, file: String)] = [
        (.table, "catalog.txt"), (.markdown, "catalog.md"), (.jsonSchema, "catalog.schemas.json"),
        (.asyncAPI, "catalog.asyncapi.json"),
    ]

    static var files: [String] { forms.map(\.file) }
}
