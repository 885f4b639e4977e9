//! Numbers that look random and follow from a seed alone. Not for secrets.

/// SplitMix64: mixes one number into another.
pub(super) fn mix(number: u64) -> u64 {
    let mut mixed = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

/// A sequence of numbers from a seed.
#[derive(Debug, Clone)]
pub(super) struct Numbers {
    state: u64,
}

impl Numbers {
    pub(super) fn new(seed: u64) -> Self {
        Self { state: mix(seed) }
    }

    pub(super) fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        mix(self.state)
    }

    /// Lower-case letters and digits.
    pub(super) fn letters(&mut self, count: usize) -> String {
        const LETTERS: &[u8; 36] = b"0123456789abcdefghijklmnopqrstuvwxyz";
        (0..count)
            .map(|_| char::from(LETTERS[(self.next() % 36) as usize]))
            .collect()
    }

    /// An upper-case UUID, the form of request ids.
    pub(super) fn uuid(&mut self) -> String {
        let (high, low) = (self.next(), self.next());
        format!(
            "{:08X}-{:04X}-4{:03X}-{:X}{:03X}-{:012X}",
            high >> 32,
            high >> 16 & 0xffff,
            high & 0xfff,
            8 | (low >> 62),
            low >> 48 & 0xfff,
            low & 0xffff_ffff_ffff,
        )
    }
}
