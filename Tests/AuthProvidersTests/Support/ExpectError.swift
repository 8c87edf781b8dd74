// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import Testing

/// Expects a provider's error with this code and returns it.
@discardableResult
func expectError(
    _ code: SocialProviderError.Code, _ label: Comment? = nil,
    sourceLocation: SourceLocation = #_sourceLocation, _ body: () async throws -> SocialIdentity
) async -> SocialProviderError? {
    do {
        _ = try await body()
        Issue.record(label ?? "nothing was thrown", sourceLocation: sourceLocation)
        return nil
    } catch let error as SocialProviderError {
        #expect(error.code == code, "\(error)", sourceLocation: sourceLocation)
        return error
    } catch {
        Issue.record(error, label, sourceLocation: sourceLocation)
        return nil
    }
}
