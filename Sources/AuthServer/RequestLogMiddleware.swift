// SPDX-License-Identifier: Apache-2.0
public import Hummingbird
public import Logging

/// Logs one line per request: method, route, status and duration.
///
/// The route is the pattern (`/accounts/confirm-email/{key}`), never the actual path: path and query may contain keys,
/// and headers contain tokens and addresses.
public struct RequestLogMiddleware<Context: Hummingbird.RequestContext>: RouterMiddleware {
    private let level: Logger.Level

    /// - Parameter level: the log level of requests; those with status 500 are logged as errors.
    public init(level: Logger.Level = .info) { self.level = level }

    public func handle(
        _ request: Request, context: Context, next: (Request, Context) async throws -> Response
    ) async throws -> Response {
        let start = ContinuousClock.now
        do {
            let response = try await next(request, context)
            log(request, context, response.status, start)
            return response
        } catch {
            log(request, context, (error as? any HTTPResponseError)?.status ?? .internalServerError, start)
            throw error
        }
    }

    private func log(
        _ request: Request, _ context: Context, _ status: HTTPResponse.Status,
        _ start: ContinuousClock.Instant
    ) {
        let (seconds, attoseconds) = start.duration(to: .now).components
        context.logger.log(
            level: status == .internalServerError ? .error : level, "request",
            metadata: [
                "method": "\(request.method.rawValue)", "route": "\(context.endpointPath ?? "none")",
                "status": "\(status.code)",
                "milliseconds": "\(seconds * 1000 + attoseconds / 1_000_000_000_000_000)",
            ])
    }
}
