// SPDX-License-Identifier: Apache-2.0
import AuthSignals
import AuthTesting
import Foundation
import Testing

@Suite struct SampleTests {
    private static let samples: [any Signal] = [
        UserLoggedIn.sample(), UserLoggedOut.sample(), UserSignedUp.sample(), PasswordSet.sample(),
        PasswordChanged.sample(), PasswordReset.sample(), EmailConfirmed.sample(),
        EmailConfirmationSent.sample(), EmailChanged.sample(), EmailAdded.sample(), EmailRemoved.sample(),
        PreSocialLogin.sample(), SocialAccountAdded.sample(), SocialAccountUpdated.sample(),
        SocialAccountRemoved.sample(), AuthenticationStepCompleted.sample(), LoginCodeRejected.sample(),
        PasswordResetCodeRejected.sample(), EmailVerificationCodeRejected.sample(), LoginFailed.sample(),
        SignupCompleted.sample(), UserDeactivated.sample(), UserActivated.sample(), UserDeleted.sample(),
        UserSnapshotTaken.sample(), SessionClientChanged.sample(), SessionEnded.sample(),
    ]

    @Test func `every signal of the catalogue has a sample`() {
        #expect(Self.samples.map { type(of: $0).name } == SignalCatalog.all.map { $0.name })
    }

    @Test(arguments: samples.indices)
    func `a sample is the contract's example`(index: Int) throws {
        let (sample, example) = (Self.samples[index], SignalSamples.all[index])
        #expect(type(of: sample).name == type(of: example).name)
        let codec = SignalCodec(source: "https://accounts.example.org")
        let id = SignalSamples.id(0xBB)
        let data = try codec.draft(sample, at: SignalSamples.time, id: id).data
        #expect(try data == codec.draft(example, at: SignalSamples.time, id: id).data)
    }

    @Test func `the members that tests vary are parameters`() {
        let signal = UserSignedUp.sample(
            request: .sample(client: .app, ip: nil), user: .sample(id: "7", email: "ada@example.org"),
            sociallogin: nil)
        #expect(signal.user.id == "7")
        #expect(signal.user.email == "ada@example.org")
        #expect(signal.user.username == "jane")
        #expect(signal.request.client == .app)
        #expect(signal.request.ip == nil)
        #expect(signal.sociallogin == nil)
    }
}
