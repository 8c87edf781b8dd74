// SPDX-License-Identifier: Apache-2.0
import AuthServiceKit
import Testing

@Suite struct ResidentCodeTests {
    private func maps(anonymous: Int) -> String {
        """
        5000-7000 r-xp 00000000 fe:00 1234                       /opt/my program
        Size:                  8 kB
        Anonymous:             \(anonymous) kB
        VmFlags: rd ex mr mw me sd
        7000-9000 rw-p 00002000 fe:00 1234                       /opt/my program
        Size:                  8 kB
        Anonymous:             0 kB
        9000-a000 rw-p 00000000 00:00 0
        Anonymous:             0 kB
        b000-c000 r-xp 00000000 fe:00 99                         /usr/lib/libc.so.6
        Anonymous:             0 kB

        """
    }

    @Test func `only the program's own code is released, not its data and not libraries`() {
        #expect(
            ResidentCode.unmodifiedCode(of: "/opt/my program", in: maps(anonymous: 0)) == [0x5000..<0x7000])
        #expect(ResidentCode.unmodifiedCode(of: "/opt/other", in: maps(anonymous: 0)) == [])
    }

    @Test func `code with a modified page is not released`() {
        #expect(ResidentCode.unmodifiedCode(of: "/opt/my program", in: maps(anonymous: 4)) == [])
    }

    @Test func `text that is not a list of mappings releases nothing`() {
        for text in [
            "", "\n", ":", "-", "5000 r-xp", "zz-yy r-xp 0 0 0 /p\nAnonymous: 0 kB",
            "7-5 r-xp 0 0 0 /p\nAnonymous: 0",
        ] {
            #expect(ResidentCode.unmodifiedCode(of: "/p", in: text) == [])
        }
    }
}
