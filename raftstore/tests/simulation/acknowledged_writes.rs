//! A write that was acknowledged is there: at its revision every watcher saw it, once, and it did what it was asked for. And no
//! write is done twice, acknowledged or not.

use std::collections::BTreeSet;

use super::history::{Answered, Asked, History};

/// What an answered request changed: keys with their new values.
fn changed(asked: &Asked, answer: &Answered) -> Vec<(String, Option<String>)> {
    match asked {
        _ if !answer.wrote => Vec::new(),
        Asked::Put { writes } => writes
            .iter()
            .map(|(key, value)| (key.clone(), Some(value.clone())))
            .collect(),
        Asked::Swap { key, value, .. } => vec![(key.clone(), Some(value.clone()))],
        Asked::Delete { key } => vec![(key.clone(), None)],
        Asked::Get { .. } => Vec::new(),
    }
}

/// Checks a history.
pub fn check(history: &History) {
    for (member, seen) in history.whole() {
        let all: BTreeSet<_> = seen.iter().map(|seen| seen.what()).collect();
        for (op, answer) in history.answered() {
            for (key, value) in changed(&op.asked, answer) {
                let what = (answer.revision, key.as_str(), value.as_deref());
                assert!(
                    all.contains(&what),
                    "{member} lacks what was acknowledged: {op:?}"
                );
            }
        }
        let mut values = BTreeSet::new();
        for value in seen.iter().filter_map(|seen| seen.value.as_ref()) {
            // Marks are written until they are acknowledged.
            assert!(
                value == super::workload::MARK || values.insert(value),
                "{member}: {value} was written twice"
            );
        }
    }
    let done = history.done();
    for (member, has) in &history.last {
        let revision = history.revisions[member];
        for (op, answer) in history.answered() {
            for (key, _) in changed(&op.asked, answer) {
                assert_eq!(
                    has.get(&key).cloned(),
                    done.at(&key, revision),
                    "{member} at the end, {key}"
                );
            }
        }
    }
}
