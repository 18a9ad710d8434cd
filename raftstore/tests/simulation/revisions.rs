//! Revisions are contiguous, and the same everywhere: each takes exactly the next one, and all members agree upon what it did.

use super::history::History;

/// Checks a history.
pub fn check(history: &History) {
    let mut all = history.whole();
    let Some((one, first)) = all.next() else {
        panic!("nobody watched from beginning to end");
    };
    let mut next = 2;
    for seen in first {
        assert!(
            seen.revision == next || seen.revision == next - 1 && next > 2,
            "{one} saw {seen:?} where {next} comes next"
        );
        next = seen.revision + 1;
    }
    for (other, seen) in all {
        assert_eq!(first.len(), seen.len(), "{one} and {other}");
        for (a, b) in first.iter().zip(seen) {
            assert_eq!(a.what(), b.what(), "{one} and {other}");
        }
    }
    for (member, revision) in &history.revisions {
        assert_eq!(*revision, next - 1, "{member} at the end");
    }
    let mut has = history.last.iter();
    let Some((one, first)) = has.next() else {
        panic!("nobody said what it has");
    };
    for (other, other_has) in has {
        assert_eq!(first, other_has, "{one} and {other} at the end");
    }
}
