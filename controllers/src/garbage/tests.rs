//! The garbage collector's graph: what is told, and what follows.

use std::collections::HashMap;
use std::sync::Arc;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;

use super::graph::{Graph, Item, Verdict};
use crate::objects::{NODE, POD, REPLICA_SET};

fn meta(uid: &str, owners: &[(&str, bool)], extra: &str) -> ObjectMeta {
    let owners: Vec<String> = owners
        .iter()
        .map(|(owner, block)| format!("{{apiVersion: apps/v1, kind: ReplicaSet, name: {owner}, uid: {owner}, controller: true, blockOwnerDeletion: {block}}}"))
        .collect();
    let yaml = format!(
        "{{name: {uid}, namespace: n, uid: {uid}, resourceVersion: '1', ownerReferences: [{}], {extra}}}",
        owners.join(", ")
    );
    serde_yaml::from_str(&yaml).unwrap()
}

const FOREGROUND: &str =
    "deletionTimestamp: '2026-01-01T00:00:00Z', finalizers: [foregroundDeletion]";
const ORPHAN: &str = "deletionTimestamp: '2026-01-01T00:00:00Z', finalizers: [orphan]";

struct World(Graph);

impl World {
    fn new() -> Self {
        Self(Graph::default())
    }

    fn seen(&mut self, meta: &ObjectMeta) -> Vec<Item> {
        let mut items = self.0.seen(&Arc::new(POD.clone()), meta);
        items.sort();
        items
    }

    fn judge(&self, uid: &str) -> Verdict {
        self.0.judge(uid, &HashMap::new())
    }
}

fn delete(uid: &str) -> Item {
    Item::Delete(uid.into())
}

#[test]
fn dependents_of_what_is_gone_are_deleted() {
    let mut w = World::new();
    assert_eq!(w.seen(&meta("rs", &[], "")), []);
    assert_eq!(w.seen(&meta("p1", &[("rs", true)], "")), []);
    assert_eq!(w.seen(&meta("p2", &[("rs", true)], "")), []);
    assert_eq!(w.judge("p1"), Verdict::Leave);
    assert_eq!(w.0.gone("rs"), [delete("p1"), delete("p2")]);
    assert_eq!(
        w.judge("p1"),
        Verdict::Delete("Background"),
        "nobody need ask whether the owner exists"
    );
    assert_eq!(w.0.gone("p1"), []);
    assert_eq!(w.judge("p1"), Verdict::Leave);
}

#[test]
fn an_owner_that_was_never_seen_is_asked_for() {
    let mut w = World::new();
    assert_eq!(w.seen(&meta("p", &[("rs", true)], "")), [delete("p")]);
    assert_eq!(w.judge("p"), Verdict::Leave, "not known to be gone");
    let answer = |exists| HashMap::from([("rs".to_owned(), exists)]);
    assert_eq!(w.0.judge("p", &answer(true)), Verdict::Leave);
    assert_eq!(
        w.0.judge("p", &answer(false)),
        Verdict::Delete("Background")
    );
    assert_eq!(
        w.seen(&meta("p", &[("rs", true)], "")),
        [],
        "a mere change asks nothing"
    );
}

#[test]
fn one_living_owner_is_enough() {
    let mut w = World::new();
    w.seen(&meta("a", &[], ""));
    w.seen(&meta("b", &[], ""));
    w.seen(&meta("p", &[("a", false), ("b", false)], ""));
    assert_eq!(w.0.gone("a"), [delete("p")]);
    assert_eq!(w.judge("p"), Verdict::Forget(vec!["a".into()]));
}

#[test]
fn foreground_deletion_goes_from_the_leaves_up() {
    let mut w = World::new();
    w.seen(&meta("d", &[], ""));
    w.seen(&meta("rs", &[("d", true)], ""));
    w.seen(&meta("p", &[("rs", true)], ""));
    assert_eq!(
        w.seen(&meta("d", &[], FOREGROUND)),
        [delete("d"), delete("rs")]
    );
    assert_eq!(w.judge("d"), Verdict::Await(vec![delete("rs")]));
    assert_eq!(
        w.judge("rs"),
        Verdict::Delete("Foreground"),
        "it has dependents of its own"
    );
    assert_eq!(
        w.seen(&meta("rs", &[("d", true)], FOREGROUND)),
        [delete("p"), delete("rs")]
    );
    assert_eq!(w.judge("d"), Verdict::Await(vec![]));
    assert_eq!(w.judge("p"), Verdict::Delete("Background"));
    assert_eq!(w.0.gone("p"), [delete("rs")]);
    assert_eq!(w.judge("rs"), Verdict::Release);
    assert_eq!(w.0.gone("rs"), [delete("d")]);
    assert_eq!(w.judge("d"), Verdict::Release);
}

#[test]
fn dependents_that_do_not_block_are_not_waited_for() {
    let mut w = World::new();
    w.seen(&meta("rs", &[], ""));
    w.seen(&meta("p", &[("rs", false)], ""));
    w.seen(&meta("rs", &[], FOREGROUND));
    assert_eq!(w.judge("rs"), Verdict::Release);
    w.seen(&meta("q", &[("rs", true)], ""));
    assert_eq!(w.judge("rs"), Verdict::Await(vec![delete("q")]));
    assert_eq!(
        w.seen(&meta("q", &[("rs", false)], "")),
        [delete("q"), delete("rs")]
    );
    assert_eq!(w.judge("rs"), Verdict::Release);
}

#[test]
fn orphaning_is_asked_for_once() {
    let mut w = World::new();
    w.seen(&meta("rs", &[], ""));
    w.seen(&meta("p", &[("rs", true)], ""));
    assert_eq!(
        w.seen(&meta("rs", &[], ORPHAN)),
        [Item::Orphan("rs".into())]
    );
    assert_eq!(w.seen(&meta("rs", &[], ORPHAN)), []);
    assert_eq!(w.judge("p"), Verdict::Leave, "its owner is still there");
    assert_eq!(w.seen(&meta("p", &[], "")), []);
    assert_eq!(w.0.gone("rs"), []);
}

#[test]
fn an_owner_in_another_namespace_is_none() {
    let mut graph = Graph::default();
    let mut far = meta("rs", &[], "");
    far.namespace = Some("m".into());
    graph.seen(&Arc::new(REPLICA_SET.clone()), &far);
    let items = graph.seen(&Arc::new(POD.clone()), &meta("p", &[("rs", true)], ""));
    assert_eq!(items, [delete("p")]);
    assert_eq!(
        graph.judge("p", &HashMap::new()),
        Verdict::Delete("Background")
    );
    let mut node = meta("k", &[], "");
    node.namespace = None;
    graph.seen(&Arc::new(NODE.clone()), &node);
    graph.seen(&Arc::new(POD.clone()), &meta("q", &[("k", true)], ""));
    assert_eq!(
        graph.judge("q", &HashMap::new()),
        Verdict::Leave,
        "a cluster-scoped owner may own anything"
    );
}

#[test]
fn a_circle_of_waiting_is_broken() {
    let mut w = World::new();
    w.seen(&meta("a", &[("b", true)], FOREGROUND));
    w.seen(&meta("b", &[("a", true)], ""));
    assert_eq!(w.judge("b"), Verdict::Unblock);
    w.seen(&meta("b", &[("a", false)], ""));
    assert_eq!(w.judge("b"), Verdict::Delete("Foreground"));
    assert_eq!(w.judge("a"), Verdict::Release);
}
