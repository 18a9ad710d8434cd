//! The key space against a naive model: a list of every version there ever was.

use std::{cell::RefCell, collections::BTreeMap, sync::Arc};

use bytes::Bytes;
use proptest::prelude::*;

use super::{
    Change, Values,
    history::{Piece, piece},
    range::find,
    space::{Limits, Space},
    txn::{Applied, apply},
    version::Rev,
};
use crate::{
    Error,
    command::{Command, Refusal, Reply},
    rpc::*,
};

/// Everything written, as the disk would have it.
#[derive(Default)]
struct Disk(RefCell<BTreeMap<Rev, Bytes>>);

impl Values for Disk {
    fn value(&self, rev: Rev) -> Result<Bytes, Error> {
        let value = self.0.borrow().get(&rev).cloned();
        value.ok_or_else(|| Error::Internal(format!("{rev:?} was never written or is compacted")))
    }
}

/// The state after each revision, whole.
struct Model {
    states: Vec<BTreeMap<u8, KeyValue>>,
    compacted: i64,
}

impl Model {
    fn revision(&self) -> i64 {
        self.states.len() as i64
    }

    fn latest(&self) -> &BTreeMap<u8, KeyValue> {
        self.states.last().unwrap()
    }

    fn write(&mut self, ops: &[Op]) {
        let mut state = self.latest().clone();
        let revision = self.revision() + 1;
        let mut changed = false;
        for op in ops {
            match *op {
                Op::Put(key, value) => {
                    let before = state.get(&key);
                    let kv = KeyValue {
                        key: vec![key].into(),
                        value: vec![value; value as usize].into(),
                        create_revision: before.map_or(revision, |kv| kv.create_revision),
                        mod_revision: revision,
                        version: before.map_or(1, |kv| kv.version + 1),
                        lease: 0,
                    };
                    state.insert(key, kv);
                    changed = true;
                }
                Op::Delete(from, to) => {
                    let before = state.len();
                    state.retain(|key, _| *key < from || *key >= to);
                    changed |= state.len() != before;
                }
            }
        }
        if changed {
            self.states.push(state);
        }
    }
}

#[derive(Clone, Debug)]
enum Op {
    Put(u8, u8),
    Delete(u8, u8),
}

#[derive(Clone, Debug)]
enum Step {
    Txn(Vec<Op>),
    Compact(u8),
    Persist,
    Evict,
}

const KEYS: std::ops::Range<u8> = 1..9;

fn step() -> impl Strategy<Value = Step> {
    let op = prop_oneof![
        3 => (KEYS, 0..20u8).prop_map(|(key, value)| Op::Put(key, value)),
        1 => (KEYS, 1..4u8).prop_map(|(key, more)| Op::Delete(key, key + more)),
    ];
    prop_oneof![
        8 => prop::collection::vec(op, 1..4).prop_map(Step::Txn),
        1 => any::<u8>().prop_map(Step::Compact),
        1 => Just(Step::Persist),
        1 => Just(Step::Evict),
    ]
}

/// No key is put twice, or put and deleted, by one transaction: the checks in front refuse that.
fn allowed(ops: Vec<Op>) -> Vec<Op> {
    let mut kept: Vec<Op> = Vec::new();
    for op in ops {
        let clash = kept.iter().any(|other| match (other, &op) {
            (Op::Put(a, _), Op::Put(b, _)) => a == b,
            (Op::Put(key, _), Op::Delete(from, to)) | (Op::Delete(from, to), Op::Put(key, _)) => {
                from <= key && key < to
            }
            (Op::Delete(..), Op::Delete(..)) => false,
        });
        if !clash {
            kept.push(op);
        }
    }
    kept
}

fn request(ops: &[Op]) -> TxnRequest {
    let success = ops.iter().map(|op| match *op {
        Op::Put(key, value) => RequestOp::Put(PutRequest {
            key: vec![key].into(),
            value: vec![value; value as usize].into(),
            ..Default::default()
        }),
        Op::Delete(from, to) => RequestOp::DeleteRange(DeleteRangeRequest {
            key: vec![from].into(),
            range_end: vec![to].into(),
            prev_kv: false,
        }),
    });
    TxnRequest {
        success: success.collect(),
        ..Default::default()
    }
}

struct Subject {
    space: Space,
    disk: Disk,
    unpersisted: Vec<Arc<Change>>,
}

impl Subject {
    fn apply(&mut self, command: &Command) -> Reply {
        let header = ResponseHeader::default();
        let Applied { reply, change } =
            apply(&mut self.space, command, &self.disk, header).unwrap();
        self.unpersisted.extend(change);
        reply
    }

    fn persist(&mut self) {
        for change in self.unpersisted.drain(..) {
            for (sub, event) in change.events.iter().enumerate() {
                if event.kind == EventKind::Put {
                    let rev = Rev {
                        main: change.revision,
                        sub: sub as u32,
                    };
                    self.disk.0.borrow_mut().insert(rev, event.kv.value.clone());
                }
            }
        }
        self.space.note_persisted(self.space.revision);
    }

    fn compact_all(&mut self) {
        while self.space.compaction_pending() {
            for rev in self.space.compact_step(2) {
                self.disk.0.borrow_mut().remove(&rev);
            }
        }
    }

    fn read(&self, revision: i64) -> Result<Vec<KeyValue>, Refusal> {
        let all = RangeRequest {
            revision,
            ..RangeRequest::prefix("")
        };
        let found = find(&self.space, &all, self.space.revision)?;
        let answer = found
            .finish(ResponseHeader::default(), &self.disk, |_| {})
            .unwrap();
        assert_eq!(answer.count, answer.kvs.len() as i64);
        Ok(answer.kvs.iter().map(|kv| KeyValue::clone(kv)).collect())
    }

    /// Every event since `from`, by following pieces as a watcher does.
    fn events(&self, mut from: i64) -> Vec<Event> {
        let mut events = Vec::new();
        while from <= self.space.revision {
            match piece(&self.space, &[0], &[0], from) {
                Piece::Compacted(_) => panic!("{from} is compacted"),
                Piece::Recent { changes, next } => {
                    events.extend(changes.iter().flat_map(|change| change.events.clone()));
                    from = next;
                }
                Piece::Past { past, next } => {
                    events.extend(past.finish(&self.disk, true).unwrap());
                    from = next;
                }
            }
        }
        events
    }
}

/// What changed between two states, by key.
fn difference(
    before: &BTreeMap<u8, KeyValue>,
    after: &BTreeMap<u8, KeyValue>,
) -> BTreeMap<Bytes, Option<KeyValue>> {
    let mut changes = BTreeMap::new();
    for (key, kv) in after {
        if before.get(key) != Some(kv) {
            changes.insert(Bytes::from(vec![*key]), Some(kv.clone()));
        }
    }
    for key in before.keys() {
        if !after.contains_key(key) {
            changes.insert(Bytes::from(vec![*key]), None);
        }
    }
    changes
}

fn check(subject: &Subject, model: &Model) {
    assert_eq!(subject.space.revision, model.revision());
    assert_eq!(subject.space.live, model.latest().len());
    for revision in 1..=model.revision() + 1 {
        let expected = if revision > model.revision() {
            Err(Refusal::FutureRev)
        } else if revision < model.compacted {
            Err(Refusal::Compacted)
        } else {
            Ok(model.states[revision as usize - 1]
                .values()
                .cloned()
                .collect())
        };
        assert_eq!(subject.read(revision), expected, "at {revision}");
    }
    let from = model.compacted.max(1) + 1;
    let mut events = subject.events(from).into_iter().peekable();
    for revision in from..=model.revision() {
        let (before, after) = (
            &model.states[revision as usize - 2],
            &model.states[revision as usize - 1],
        );
        let mut changes = difference(before, after);
        while let Some(event) = events.next_if(|event| event.kv.mod_revision == revision) {
            let expected = changes
                .remove(&event.kv.key)
                .expect("an event for a change");
            assert_eq!(
                expected.as_ref(),
                (event.kind == EventKind::Put).then_some(&*event.kv)
            );
            let prev = before.get(&event.kv.key[0]);
            assert_eq!(event.prev_kv.as_deref(), prev, "before {revision}");
        }
        assert!(changes.is_empty(), "no event for {changes:?} at {revision}");
    }
    assert!(events.next().is_none());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn the_space_is_what_the_model_is(
        steps in prop::collection::vec(step(), 1..60),
        window_bytes in prop_oneof![Just(1usize), Just(2_000), Just(1 << 20)],
    ) {
        let limits = Limits { window_bytes, value_bytes: 30 };
        let mut subject = Subject { space: Space::new(limits), disk: Disk::default(), unpersisted: Vec::new() };
        let mut model = Model { states: vec![BTreeMap::new()], compacted: 0 };
        for step in steps {
            match step {
                Step::Txn(ops) => {
                    let ops = allowed(ops);
                    let reply = subject.apply(&Command::Txn(request(&ops)));
                    prop_assert!(matches!(reply, Reply::Txn(Ok(_))));
                    model.write(&ops);
                }
                Step::Compact(at) => {
                    let revision = 1 + i64::from(at) % (model.revision() + 1);
                    let reply = subject.apply(&Command::Compact { revision });
                    let expected = if revision <= model.compacted {
                        Err(Refusal::Compacted)
                    } else if revision > model.revision() {
                        Err(Refusal::FutureRev)
                    } else {
                        model.compacted = revision;
                        Ok(model.revision())
                    };
                    prop_assert_eq!(reply, Reply::Done(expected));
                    subject.persist();
                    subject.compact_all();
                }
                Step::Persist => subject.persist(),
                Step::Evict => {
                    let space = &mut subject.space;
                    for _ in 0..10 {
                        space.evict_step(3);
                    }
                }
            }
        }
        check(&subject, &model);
        let hot: usize = subject.space.tree.values().flat_map(|history| history.iter()).map(|v| v.hot_bytes()).sum();
        prop_assert_eq!(hot, subject.space.hot_bytes, "what is in memory is counted");
    }
}
