//! Chance that can be had again by its seed.

/// Throws numbers.
pub struct Dice(u64);

impl Dice {
    /// Dice that throw the same numbers for the same seed; the environment's `SEED` goes before
    /// chance. The seed is told, so that what failed can be done again.
    pub fn new(what: &str) -> Self {
        let asked = std::env::var("SEED").ok();
        let seed = asked.map_or_else(chance, |seed| seed.parse().expect("SEED is a number"));
        eprintln!("{what}: SEED={seed}");
        Self::with_seed(seed)
    }

    /// Dice that throw the numbers of this seed.
    pub fn with_seed(seed: u64) -> Self {
        Self(seed)
    }

    /// Dice that throw other numbers each time.
    pub fn unseeded() -> Self {
        Self(chance())
    }

    /// A number from `least` up to, but not, `end`.
    pub fn throw(&mut self, least: u64, end: u64) -> u64 {
        // SplitMix64.
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        least + (z ^ (z >> 31)) % (end - least)
    }
}

fn chance() -> u64 {
    u64::from(uuid::Uuid::new_v4().as_fields().0)
}
