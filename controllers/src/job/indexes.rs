//! Sets of completion indexes in the form that a Job's status has: `1,3-5,7`.

use std::fmt;

/// Ordered, disjoint, not touching ranges of indexes, both ends included.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Indexes {
    ranges: Vec<(i32, i32)>,
}

impl Indexes {
    /// Reads a status field or a rule; indexes from `completions` on are left out, and so is what cannot be read.
    pub fn parse(text: &str, completions: i32) -> Self {
        let mut found = Self::default();
        for part in text.split(',').filter(|p| !p.is_empty()) {
            let (first, last) = part.split_once('-').unwrap_or((part, part));
            if let (Ok(first), Ok(last)) = (first.parse::<i32>(), last.parse::<i32>()) {
                let last = last.min(completions - 1);
                if first >= 0 && first <= last {
                    found.ranges.push((first, last));
                }
            }
        }
        found.normalise();
        found
    }

    /// This set and more indexes.
    pub fn with(&self, more: impl IntoIterator<Item = i32>) -> Self {
        let mut all = self.clone();
        all.ranges.extend(more.into_iter().map(|i| (i, i)));
        all.normalise();
        all
    }

    fn normalise(&mut self) {
        self.ranges.sort_unstable();
        let mut merged: Vec<(i32, i32)> = Vec::with_capacity(self.ranges.len());
        for (first, last) in self.ranges.drain(..) {
            match merged.last_mut() {
                Some(before) if first <= before.1.saturating_add(1) => {
                    before.1 = before.1.max(last)
                }
                _ => merged.push((first, last)),
            }
        }
        self.ranges = merged;
    }

    /// Whether an index is in it.
    pub fn has(&self, index: i32) -> bool {
        let after = self.ranges.partition_point(|(first, _)| *first <= index);
        after > 0 && self.ranges[after - 1].1 >= index
    }

    /// How many indexes are in it.
    pub fn total(&self) -> i32 {
        self.ranges
            .iter()
            .map(|(first, last)| last - first + 1)
            .sum()
    }

    /// How many indexes are in both.
    pub fn common(&self, other: &Self) -> i32 {
        let overlap = |a: &(i32, i32), b: &(i32, i32)| (a.1.min(b.1) - a.0.max(b.0) + 1).max(0);
        let (mut i, mut j, mut sum) = (0, 0, 0);
        while let (Some(a), Some(b)) = (self.ranges.get(i), other.ranges.get(j)) {
            sum += overlap(a, b);
            if a.1 < b.1 {
                i += 1;
            } else {
                j += 1;
            }
        }
        sum
    }
}

impl fmt::Display for Indexes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, (first, last)) in self.ranges.iter().enumerate() {
            if i > 0 {
                f.write_str(",")?;
            }
            match last - first {
                0 => write!(f, "{first}")?,
                // Two in a row are listed, as upstream does.
                1 => write!(f, "{first},{last}")?,
                _ => write!(f, "{first}-{last}")?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_and_set_agree() {
        let set = Indexes::parse("1,3-5,7", 100);
        assert_eq!((set.total(), set.to_string().as_str()), (5, "1,3-5,7"));
        assert!(set.has(4) && set.has(1) && !set.has(2) && !set.has(0) && !set.has(8));
        let more = set.with([2, 6, 9, 10]);
        assert_eq!(more.to_string(), "1-7,9,10");
        assert_eq!(more.common(&Indexes::parse("0-2,7-9", 100)), 4);
        assert_eq!(Indexes::parse("3-9", 5).to_string(), "3,4");
        assert_eq!(Indexes::parse("x,-1,9", 5).to_string(), "");
    }
}
