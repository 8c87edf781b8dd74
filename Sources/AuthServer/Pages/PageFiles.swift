// SPDX-License-Identifier: Apache-2.0
import Foundation
import Hummingbird

/// The style sheet and the logo of the pages: the built-in ones, or those of a folder.
///
/// They are read once, when the program starts, and served from memory under fixed paths, so that no path of a request
/// reaches the file system.
public struct PageFiles: Sendable {
    /// The style sheet.
    let style: String
    /// The logo, an SVG image.
    let logo: String

    /// The built-in files.
    public static let builtIn = PageFiles(style: BuiltInPageFiles.style, logo: BuiltInPageFiles.logo)

    /// The maximum size of a file in bytes.
    static let limit = 256 * 1024

    /// The built-in files, with replacements from a folder.
    ///
    /// - Parameter folder: its files `style.css` and `logo.svg` replace the built-in ones; other files are ignored.
    /// - Throws: ``PageFilesError`` if the folder or one of its two files cannot be read, is too large, or is not UTF-8.
    public init(folder: String) throws(PageFilesError) {
        guard (try? FileManager.default.contentsOfDirectory(atPath: folder)) != nil else {
            throw PageFilesError(message: "the folder cannot be read")
        }
        style = try Self.text(of: "style.css", in: folder) ?? BuiltInPageFiles.style
        logo = try Self.text(of: "logo.svg", in: folder) ?? BuiltInPageFiles.logo
    }

    private init(style: String, logo: String) {
        self.style = style
        self.logo = logo
    }

    /// Nil if the file does not exist.
    private static func text(of name: String, in folder: String) throws(PageFilesError) -> String? {
        let path = "\(folder)/\(name)"
        guard FileManager.default.fileExists(atPath: path) else { return nil }
        guard let data = FileManager.default.contents(atPath: path) else {
            throw PageFilesError(message: "\(name) cannot be read")
        }
        guard data.count <= limit else {
            throw PageFilesError(message: "\(name) has more than \(limit) bytes")
        }
        guard let text = String(validating: data, as: UTF8.self) else {
            throw PageFilesError(message: "\(name) is not UTF-8")
        }
        return text
    }

    // MARK: Paths

    /// The path of the style sheet; a browser keeps it until the text changes.
    var stylePath: String { "/accounts/style.css?v=\(Self.version(of: style))" }
    /// The path of the logo.
    var logoPath: String { "/accounts/logo.svg?v=\(Self.version(of: logo))" }

    /// FNV-1a: changes with the text, and protects nothing.
    private static func version(of text: String) -> String {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in text.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
        return String(hash, radix: 36)
    }

    /// Adds the two files' routes.
    func addRoutes<Context>(to group: RouterGroup<Context>) {
        add(style, "text/css; charset=utf-8", at: "style.css", to: group)
        add(logo, "image/svg+xml", at: "logo.svg", to: group)
    }

    private func add<Context>(
        _ text: String, _ type: String, at path: RouterPath, to group: RouterGroup<Context>
    ) {
        let response: @Sendable () -> Response = {
            Response(
                status: .ok,
                headers: [
                    .contentType: type, .cacheControl: "public, max-age=86400",
                    .xContentTypeOptions: "nosniff",
                    // An image that is opened as a page runs no script.
                    .contentSecurityPolicy: "default-src 'none'; sandbox",
                ], body: ResponseBody(byteBuffer: ByteBuffer(string: text)))
        }
        group.get(path) { _, _ in response() }
        group.head(path) { _, _ in response().createHeadResponse() }
    }
}

/// Why the files of a folder cannot be used.
public struct PageFilesError: Error, Hashable, Sendable {
    /// The cause, without the folder's path.
    public let message: String
}
