//! Every command of etcdctl and etcdutl, on the real etcd and on the store under test: what they print must be equal.
//!
//! The scenarios are in `scenarios/`, one test each. `HYDROFOIL_STORE_BIN=tests/tools/bin/etcd` compares etcd with itself, which shows
//! whether a scenario is fair.

use hydrofoil_store_tests::{compare, script::Script, tools};

macro_rules! scenarios {
    ($($name:ident)*) => {
        const NAMES: &[&str] = &[$(stringify!($name)),*];
        $(
            #[test]
            fn $name() {
                let path = tools::repository().join(concat!("tests/store/scenarios/", stringify!($name), ".txt"));
                let report = compare::file(&path, &tools::etcd().unwrap(), &tools::ours().unwrap())
                    .unwrap_or_else(|error| panic!("{error:#}"));
                assert!(report.is_empty(), "{}.txt\n{report}", stringify!($name));
            }
        )*
    };
}

scenarios! {
    keys
    transactions
    compaction
    watches
    leases
    locks
    members
    members_three
    learners
    endpoints
    alarms
    alarms_three
    defragmentation
    snapshots
    leadership
    mirrors
    authentication
    checks
    datascale
    downgrades
    offline
}

#[test]
fn every_scenario_is_played() {
    let folder = tools::repository().join("tests/store/scenarios");
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        assert!(NAMES.contains(&name.as_str()), "{name} is not in the list");
    }
}

/// The judge itself: two servers that are configured differently must be told apart.
#[test]
fn a_store_that_differs_is_found_out() {
    let etcd = tools::etcd().unwrap();
    let mut other = etcd.clone();
    other.first = vec!["--max-txn-ops=1".into()];
    let script = Script::parse(
        "formats simple\netcdctl put a 1\nin:\nin put a 2\nin put b 2\nin:\nin:\netcdctl txn\netcdctl get a",
    )
    .unwrap();
    let report = compare::script_on_both(&script, &etcd, &other).unwrap();
    assert!(
        report.contains("line 8: etcdctl txn [3.5/simple"),
        "{report}"
    );
    assert!(report.contains("line 9: etcdctl get a"), "{report}");
    assert!(!report.contains("line 2"), "{report}");
}
