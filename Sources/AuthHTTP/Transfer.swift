// SPDX-License-Identifier: Apache-2.0
import AuthSignals
import CCurl
import Foundation

/// A request with its connection's settings, and their translation to and from libcurl.
struct Transfer: Sendable {
    let id: UUID
    let request: OutgoingRequest
    let proxy: HTTPProxy?
    let authoritiesFile: String?

    private static let framing: Set = ["content-length", "transfer-encoding", "expect"]

    /// Sets the request; false if a part of it cannot be sent.
    func configure(_ handle: OpaquePointer, connectTimeout: Duration) -> Bool {
        var texts: [(CCurlTransferText, String)] = [
            (.url, request.url.absoluteString), (.method, request.method),
        ]
        if let authoritiesFile { texts.append((.caFile, authoritiesFile)) }
        if let proxy {
            texts.append((.proxyAddress, proxy.description))
            if let user = proxy.user {
                texts.append((.proxyUser, user))
                texts.append((.proxyPassword, proxy.password ?? ""))
            }
        }
        let (limit, isIgnored): (Int, Bool) =
            switch request.responseBody {
            case .upTo(let limit): (limit, false)
            case .ignored(let limit): (limit, true)
            }
        let numbers: [(CCurlTransferNumber, Int64)] = [
            (.connectTimeout, Self.milliseconds(connectTimeout)),
            (.totalTimeout, Self.milliseconds(request.timeout)),
            (.bodyLimit, Int64(min(max(0, limit), Int(Int32.max)))), (.discardBody, isIgnored ? 1 : 0),
        ]
        // A C string ends at a NUL; the rest would be lost.
        for (option, text) in texts
        where text.utf8.contains(0) || ccurl_transfer_set_text(handle, option, text) != .ok {
            return false
        }
        for (option, number) in numbers where ccurl_transfer_set_number(handle, option, number) != .ok {
            return false
        }
        for (name, value) in request.headers where !Self.framing.contains(name.lowercased()) {
            guard !name.utf8.contains(0), !value.utf8.contains(0),
                ccurl_transfer_add_header(handle, name, value) == .ok
            else { return false }
        }
        guard let body = request.body else { return true }
        return (body.isEmpty ? [0] : body).withUnsafeBufferPointer { bytes in
            guard let start = bytes.baseAddress else { return false }
            return ccurl_transfer_set_body(handle, start, body.count) == .ok
        }
    }

    private static func milliseconds(_ duration: Duration) -> Int64 {
        min(max(1, duration.wholeMilliseconds), 86_400_000)
    }

    /// The response or the fault of a transfer that has ended.
    func outcome(of handle: OpaquePointer) -> Result<OutgoingResponse, HTTPFault> {
        let result = ccurl_transfer_result(handle)
        if let fault = HTTPFault(result, isProxied: proxy != nil) { return .failure(fault) }
        var count = 0
        let head = ccurl_transfer_head(handle, &count)
        let lines = UnsafeRawBufferPointer(start: head, count: count)
        let headers = lines.split(separator: UInt8(ascii: "\n")).compactMap { Self.header($0) }
        let start = ccurl_transfer_body(handle, &count)
        let body = Array(UnsafeBufferPointer(start: start, count: count))
        return .success(
            OutgoingResponse(status: Int(result.responseCode), headers: headers, body: body))
    }

    /// A header line; nil if it is not one, such as the continuation of a folded line.
    private static func header(_ line: Slice<UnsafeRawBufferPointer>) -> (name: String, value: String)? {
        guard let colon = line.firstIndex(of: UInt8(ascii: ":")), colon != line.startIndex,
            line.first != UInt8(ascii: " "), line.first != UInt8(ascii: "\t")
        else { return nil }
        let value = String(decoding: line[line.index(after: colon)...], as: UTF8.self)
        return (
            String(decoding: line[..<colon], as: UTF8.self),
            value.trimmingCharacters(in: .whitespacesAndNewlines)
        )
    }
}
