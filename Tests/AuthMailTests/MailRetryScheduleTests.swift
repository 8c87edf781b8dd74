// SPDX-License-Identifier: Apache-2.0
import AuthMail
import Foundation
import Testing

@Suite struct MailRetryScheduleTests {
    @Test(
        arguments: [(1, 5), (2, 15), (3, 60), (4, 300), (5, 900), (6, 3600), (7, 3600), (50, 3600)]
            as [(Int, TimeInterval)])
    func `waits grow up to one hour`(failures: Int, wait: TimeInterval) {
        let next = MailRetrySchedule().next(
            afterFailures: failures, queuedAt: Samples.date, now: Samples.date)
        #expect(next == Samples.date.addingTimeInterval(wait))
    }

    @Test func `a mail fails permanently after three days`() {
        let schedule = MailRetrySchedule()
        let limit = Samples.date.addingTimeInterval(3 * 86_400)
        #expect(
            schedule.next(afterFailures: 70, queuedAt: Samples.date, now: limit.addingTimeInterval(-3600))
                == limit)
        #expect(
            schedule.next(afterFailures: 70, queuedAt: Samples.date, now: limit.addingTimeInterval(-3599))
                == nil)
    }

    @Test func `a clock jump fails no mail before its sixth failed attempt`() {
        let later = Samples.date.addingTimeInterval(10 * 86_400)
        let schedule = MailRetrySchedule()
        #expect(
            schedule.next(afterFailures: 1, queuedAt: Samples.date, now: later) == later.addingTimeInterval(5)
        )
        #expect(schedule.next(afterFailures: 5, queuedAt: Samples.date, now: later) != nil)
        #expect(schedule.next(afterFailures: 6, queuedAt: Samples.date, now: later) == nil)
    }

    @Test func `limits each wait to one hour, the longest that a queue accepts`() {
        var schedule = MailRetrySchedule()
        schedule.then = 86_400
        #expect(
            schedule.next(afterFailures: 6, queuedAt: Samples.date, now: Samples.date)
                == Samples.date.addingTimeInterval(3600))
    }
}
