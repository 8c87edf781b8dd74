// SPDX-License-Identifier: Apache-2.0
import AuthConsumer
import AuthSignals
import Testing

@Suite struct RetryScheduleTests {
    private struct Boom: Error {}

    @Test func `retries after 1 s, 10 s, 1 min, 10 min, then hourly for a day, then never`() {
        let schedule = RetrySchedule.standard
        let destinations = (1...30).map { schedule.destination(afterAttempts: $0, error: Boom()) }
        #expect(
            destinations.prefix(5) == [
                .retry(.oneSecond), .retry(.tenSeconds), .retry(.oneMinute), .retry(.tenMinutes),
                .retry(.oneHour),
            ])
        #expect(destinations[4..<28].allSatisfy { $0 == .retry(.oneHour) })
        #expect(destinations[28...].allSatisfy { $0 == .dead })
    }

    @Test(arguments: [
        (Duration.zero, RetryRung.oneSecond), (.seconds(1), .oneSecond), (.milliseconds(1001), .tenSeconds),
        (.seconds(60), .oneMinute), (.seconds(61), .tenMinutes), (.seconds(3600), .oneHour),
        (.seconds(100_000), .oneHour),
    ])
    func `a requested delay uses the first retry rung that is not shorter`(
        _ wish: Duration, _ rung: RetryRung
    ) {
        let verdict = SignalVerdict.retry(after: wish)
        #expect(RetrySchedule.standard.destination(afterAttempts: 1, error: verdict) == .retry(rung))
        #expect(RetrySchedule.standard.destination(afterAttempts: 28, error: verdict) == .retry(rung))
        #expect(RetrySchedule.standard.destination(afterAttempts: 29, error: verdict) == .dead)
    }

    @Test func `rejected and malformed messages are not retried`() {
        let schedule = RetrySchedule.standard
        #expect(schedule.destination(afterAttempts: 1, error: SignalVerdict.reject("no")) == .dead)
        #expect(schedule.destination(afterAttempts: 1, error: SignalError(.wrongType, "no")) == .dead)
        #expect(schedule.destination(afterAttempts: 1, error: SignalError(.malformed, "no")) == .dead)
    }

    @Test(arguments: [Int.min, -1, 0]) func `an invalid attempt count dead-letters the message`(
        _ attempts: Int
    ) {
        #expect(RetrySchedule.standard.destination(afterAttempts: attempts, error: Boom()) == .dead)
    }
}
