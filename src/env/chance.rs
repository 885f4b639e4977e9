//! Repeatable chance for tests, and bytes that go wrong.

/// Repeatable chance (SplitMix64).
#[derive(Debug, Clone)]
pub(crate) struct Chance(u64);

impl Chance {
    pub(crate) fn new(seed: u64) -> Chance {
        Chance(seed)
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `end`, which is not 0.
    pub(crate) fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }

    /// A place in something of this length, which is not 0.
    pub(crate) fn index(&mut self, length: usize) -> usize {
        (self.next() % length as u64) as usize
    }

    /// One of these.
    pub(crate) fn pick<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[self.index(of.len())]
    }

    /// Changes bytes in one of the ways in which files and answers go wrong, up to three times.
    pub(crate) fn damage(&mut self, bytes: &mut Vec<u8>) {
        for _ in 0..=self.below(3) {
            if bytes.is_empty() {
                return;
            }
            let (at, other) = (self.index(bytes.len()), self.index(bytes.len()));
            let (low, high) = (at.min(other), at.max(other));
            match self.below(8) {
                0 => bytes[at] ^= 1 << self.below(8),
                1 => bytes[at] = self.next().to_le_bytes()[0],
                2 => bytes.truncate(at),
                3 => bytes.drain(low..high).for_each(drop),
                4 => bytes[low..high].fill(0),
                5 => {
                    let copied = bytes[low..high.min(low + 600)].to_vec();
                    bytes.splice(at..at, copied).for_each(drop);
                }
                6 => bytes.swap(at, other),
                _ => bytes.insert(at, *self.pick(b"{}[]\",:0\n\\")),
            }
        }
    }
}

/// How many cases a fuzz target tries: `INFRA_FUZZ_CASES`, or so many.
pub(crate) fn fuzz_cases(usual: u64) -> u64 {
    std::env::var("INFRA_FUZZ_CASES").map_or(usual, |cases| {
        cases
            .parse()
            .unwrap_or_else(|_| panic!("INFRA_FUZZ_CASES={cases} is not a number"))
    })
}
