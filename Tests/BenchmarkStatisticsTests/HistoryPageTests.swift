// SPDX-License-Identifier: Apache-2.0
import BenchmarkStatistics
import Testing

@Suite struct HistoryPageTests {
    @Test func `an entry is inserted before older entries`() {
        let page = "# Page\n\n## History\n\nNewest first.\n\n### old\n\nrow\n\n## Lessons\n"
        let expected =
            "# Page\n\n## History\n\nNewest first.\n\n### new\n\nrow 2\n\n### old\n\nrow\n\n## Lessons\n"
        #expect(HistoryPage.inserting("### new\n\nrow 2\n", into: page) == expected)
    }

    @Test func `the first entry is inserted before the next section`() {
        let page = "## History\n\nNewest first.\n\n## Lessons\n"
        #expect(
            HistoryPage.inserting("### new", into: page)
                == "## History\n\nNewest first.\n\n### new\n\n## Lessons\n")
    }

    @Test func `the first entry is added at the end of the last section`() {
        #expect(
            HistoryPage.inserting("### new", into: "## History\n\nNewest first.\n")
                == "## History\n\nNewest first.\n\n### new\n")
    }

    @Test func `a page without the section gets it at its end`() {
        #expect(HistoryPage.inserting("### new\n", into: "# Page\n") == "# Page\n\n## History\n\n### new\n")
    }

    @Test func `a heading of the same name at another level is not the section`() {
        #expect(
            HistoryPage.inserting("### new", into: "### History\n")
                == "### History\n\n## History\n\n### new\n")
    }
}
