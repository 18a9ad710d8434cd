//! The history is linearizable.
//!
//! The store says at which revision it did a write and a read, so the order to check is given: by revision, a write before the
//! reads of the same revision. That order explains the history if it agrees with time (what was answered before something else
//! was asked does not come after it) and if every request was answered by what was there at its place. Writes without an answer
//! may have been done or not; watchers tell which were, and when.

use super::history::{Answered, Asked, Done, History, Operation};

/// Whether the answer is what was there at its revision.
fn check_answer(done: &Done, op: &Operation, answer: &Answered) {
    let at = answer.revision;
    match &op.asked {
        Asked::Get { key, .. } => assert_eq!(answer.found, done.at(key, at), "{op:?}"),
        Asked::Put { writes } => {
            for (key, value) in writes {
                assert!(done.did(at, key, Some(value)), "{op:?} was not done");
            }
        }
        Asked::Swap {
            key,
            expected,
            value,
        } => {
            let before = if answer.wrote { at - 1 } else { at };
            let found = done.at(key, before).map_or(0, |(_, revision)| revision);
            assert_eq!(found == *expected, answer.wrote, "{op:?} found {found}");
            assert!(!answer.wrote || done.did(at, key, Some(value)), "{op:?}");
        }
        Asked::Delete { key } => {
            let before = if answer.wrote { at - 1 } else { at };
            assert_eq!(done.at(key, before).is_some(), answer.wrote, "{op:?}");
            assert!(!answer.wrote || done.did(at, key, None), "{op:?}");
        }
    }
}

/// Checks a history.
pub fn check(history: &History) {
    let done = history.done();
    let mut answered: Vec<_> = history.answered().collect();
    for (op, answer) in &answered {
        check_answer(&done, op, answer);
    }
    // Among everything that was answered before an operation was asked, nothing may have a later revision; nor the same, if
    // the operation wrote.
    answered.sort_by_key(|(op, _)| op.at);
    let mut ends: Vec<_> = answered
        .iter()
        .map(|(_, answer)| (answer.at, answer.revision))
        .collect();
    ends.sort();
    let (mut newest, mut next) = (0, 0);
    for (op, answer) in &answered {
        while next < ends.len() && ends[next].0 < op.at {
            newest = newest.max(ends[next].1);
            next += 1;
        }
        if let Asked::Get {
            serializable: true, ..
        } = op.asked
        {
            continue;
        }
        let least = newest + i64::from(answer.wrote);
        assert!(answer.revision >= least, "{op:?} after {newest}");
    }
}

#[test]
#[should_panic(expected = "after")]
fn a_stale_read_is_found() {
    use std::{collections::BTreeMap, time::Duration};

    use super::history::Seen;

    let at = Duration::from_millis;
    let operation = |asked, begun, ended, revision, wrote| Operation {
        at: at(begun),
        asked,
        answered: Some(Answered {
            at: at(ended),
            revision,
            wrote,
            found: None,
        }),
    };
    let put = Asked::Put {
        writes: vec![("k".into(), "v".into())],
    };
    let get = Asked::Get {
        key: "k".into(),
        serializable: false,
    };
    let seen = Seen {
        revision: 2,
        key: "k".into(),
        value: Some("v".into()),
        at: at(1),
    };
    check(&History {
        operations: vec![
            operation(put, 0, 1, 2, true),
            operation(get, 5, 6, 1, false),
        ],
        watched: BTreeMap::from([("m0".into(), vec![seen])]),
        ..Default::default()
    });
}
