//! Numbers and names from a seed: SplitMix64, small, well known, and good enough to choose words.

pub fn next(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut mixed = *state;
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

/// An index below `length`, which is not zero.
pub fn index(state: &mut u64, length: usize) -> usize {
    usize::try_from(next(state) % length.max(1) as u64).unwrap_or(0)
}

pub fn base62(seed: &mut u64, length: usize) -> String {
    const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    (0..length).map(|_| char::from(DIGITS[index(seed, DIGITS.len())])).collect()
}
