//! How fast a guest may write into its log: a disk is everybody's, and whoever rotates logs looks every ten seconds. Pure.

use std::time::{Duration, Instant};

/// Bytes a second that a container may write, for as long as it likes.
const RATE: f64 = (8 << 20) as f64;
/// Bytes that it may write at once after a pause.
const BURST: f64 = (16 << 20) as f64;
/// The least that is worth waking a guest for.
const PIECE: f64 = (64 << 10) as f64;

/// What one container may write now.
#[derive(Debug)]
pub struct Rate {
    left: f64,
    at: Instant,
}

impl Rate {
    /// All that may be written at once.
    pub const fn new(now: Instant) -> Self {
        Self {
            left: BURST,
            at: now,
        }
    }

    /// Bytes that may be written now.
    pub fn room(&mut self, now: Instant) -> usize {
        let passed = now.saturating_duration_since(self.at).as_secs_f64();
        self.at = now;
        self.left = (self.left + passed * RATE).min(BURST);
        if self.left < 1.0 {
            0
        } else {
            // At most the burst.
            self.left as usize
        }
    }

    /// Bytes were written. More than there was room for makes the next wait longer.
    pub fn spend(&mut self, bytes: usize) {
        self.left -= bytes as f64;
    }

    /// How long until something may be written.
    pub fn wait(&mut self, now: Instant) -> Duration {
        if self.room(now) > 0 {
            return Duration::ZERO;
        }
        Duration::try_from_secs_f64((PIECE - self.left) / RATE).unwrap_or(Duration::ZERO)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_is_held_to_the_rate_and_a_burst_is_not() {
        let begun = Instant::now();
        let mut rate = Rate::new(begun);
        let (mut now, mut written) = (begun, 0_usize);
        while now < begun + Duration::from_secs(10) {
            let room = rate.room(now);
            rate.spend(room);
            written += room;
            now += rate.wait(now).max(Duration::from_micros(10));
        }
        let allowed = BURST + 10.0 * RATE;
        assert!(written as f64 <= allowed, "{written}");
        assert!(written as f64 > allowed * 0.98, "{written}");
        assert_eq!(rate.room(now + Duration::from_secs(100)), 16 << 20);
    }
}
