// SPDX-License-Identifier: Apache-2.0
public import ArgumentParser
import AuthSignals

struct CatalogCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "catalog", abstract: "Print the catalogue of signals.")

    @Option(help: "Output format: table, markdown, json-schema or asyncapi.")
    var format = CatalogFormat.table

    func run() async throws {
        print(try SignalCatalog.text(as: format), terminator: "")
    }
}

extension CatalogFormat: ExpressibleByArgument {}
