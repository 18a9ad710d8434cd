//! No watcher misses a change or sees one twice, and all see them in order: those that go on over restarts of their member
//! after the last revision that they saw, and those that begin somewhere in the past or in the future.

use super::history::{History, Seen};

/// Checks a history.
pub fn check(history: &History) {
    for (member, seen) in history.whole() {
        for pair in seen.windows(2) {
            let (one, next) = (&pair[0], &pair[1]);
            assert!(
                (one.revision, &one.key) < (next.revision, &next.key),
                "{member} saw {one:?}, then {next:?}"
            );
        }
        let last = seen.last().map_or(1, |seen| seen.revision);
        assert_eq!(last, history.revisions[member], "{member} saw everything");
    }
    let Some((_, all)) = history.whole().next() else {
        panic!("nobody watched from beginning to end");
    };
    for (member, from) in &history.joined {
        same(member, *from, &history.watched[member], all);
    }
    for glance in &history.glances {
        same(&glance.member, glance.from, &glance.seen, all);
    }
}

/// Whether `seen` is what comes from revision `from` on, as far as it goes.
fn same(member: &str, from: i64, seen: &[Seen], all: &[Seen]) {
    let expected = all.iter().skip_while(|seen| seen.revision < from);
    for (seen, expected) in seen.iter().zip(expected) {
        assert_eq!(
            seen.what(),
            expected.what(),
            "{member}, in a watch from {from}"
        );
    }
}
