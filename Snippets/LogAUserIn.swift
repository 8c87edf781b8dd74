// SPDX-License-Identifier: Apache-2.0
// The flows without HTTP: each flow is a function call that returns its result as a value.
import AuthFlows
import AuthSignals
import AuthSQLiteStore

let keys = KeyRing(secret: "a secret of 32 random bytes, of course")
let store = try SQLiteStore.inMemory(keys: keys, codec: SignalCodec(source: "https://accounts.example.org"))
let accounts = Accounts(store: store, keys: keys, passwords: PasswordHasher(cost: .init(n: 1024)))
_ = try await accounts.signUp(SignUp(email: "ada@example.org", password: Password("correct-horse")))

switch try await accounts.logIn(LogIn(email: "ada@example.org", password: Password("correct-horse"))) {
case .success(let authentication): print("welcome", authentication.email ?? "")
case .unauthenticated(let pending): print("first:", pending.flows.map(\.rawValue))
case .refused(let refusals): print("no:", refusals.map(\.code.rawValue))
case .rateLimited(let seconds): print("try again in \(seconds) seconds")
case .reauthenticationRequired, .conflict, .closed, .forbidden, .gone: print("not possible now")
}
