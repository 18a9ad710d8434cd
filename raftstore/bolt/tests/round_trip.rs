//! What the writer writes, the reader reads and the checker finds clean: random contents, all page sizes, large values.

mod contents;

use contents::{Contents, Entries, read, write};
use hydrofoil_bolt::{Db, Error, Plan, Writer};
use proptest::prelude::*;

/// Keys of all lengths that matter: short, and long enough that few fit a branch.
fn key() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        8 => prop::collection::vec(any::<u8>(), 1..24),
        1 => prop::collection::vec(0u8..3, 300..1500),
    ]
}

fn value() -> impl Strategy<Value = Vec<u8>> {
    let length = prop_oneof![
        10 => 0..80usize,
        3 => 800..1200usize,
        1 => 3000..20_000usize,
    ];
    (length, any::<u8>()).prop_map(|(length, byte)| vec![byte; length])
}

fn contents() -> impl Strategy<Value = Contents> {
    let entries = prop::collection::btree_map(key(), value(), 0..120);
    prop::collection::btree_map(key(), entries, 0..6)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]
    #[test]
    fn any_contents(contents in contents(), page_size in 10u32..17) {
        let file = write(&contents, 1 << page_size);
        let db = Db::open(&file).unwrap();
        prop_assert_eq!(db.size(), file.len() as u64);
        let report = db.check().unwrap();
        prop_assert!(report.is_clean(), "{:?}", report.problems);
        prop_assert_eq!(read(&file).unwrap(), contents);
    }
}

#[test]
fn a_tree_of_several_levels() {
    let entries: Entries = (0..40_000u32)
        .map(|n| (n.to_be_bytes().to_vec(), vec![n as u8; (n % 90) as usize]))
        .collect();
    let contents = Contents::from([(b"key".to_vec(), entries)]);
    let file = write(&contents, 1024);
    assert!(Db::open(&file).unwrap().check().unwrap().is_clean());
    assert_eq!(read(&file).unwrap(), contents);
}

#[test]
fn values_of_a_quarter_page_do_not_waste_a_fifth_of_the_file() {
    let entries: Entries = (0..10_000u32)
        .map(|n| (n.to_be_bytes().to_vec(), vec![1; 1060]))
        .collect();
    let bytes: usize = entries.values().map(|value| value.len() + 4 + 16).sum();
    let file = write(&Contents::from([(b"key".to_vec(), entries)]), 4096);
    assert!(
        (file.len() as f64) < bytes as f64 * 1.08,
        "{} bytes for {bytes}",
        file.len()
    );
}

#[test]
fn nothing_at_all() {
    let file = write(&Contents::new(), 4096);
    let db = Db::open(&file).unwrap();
    assert!(db.check().unwrap().is_clean());
    assert!(db.bucket(b"key").unwrap().is_none());
    assert_eq!(db.free_pages().unwrap(), Some(Vec::new()));
}

#[test]
fn the_second_pass_must_bring_what_the_first_announced() {
    let layout = |lengths: &[usize]| {
        let mut plan = Plan::new(4096).unwrap();
        plan.bucket(b"key").unwrap();
        for length in lengths {
            plan.entry(4, *length).unwrap();
        }
        plan.finish().unwrap()
    };
    let pass = |layout, lengths: &[usize]| -> Result<(), Error> {
        let mut out = Vec::new();
        let mut writer = Writer::new(layout, &mut out);
        writer.bucket(b"key", &mut out)?;
        for (n, length) in lengths.iter().enumerate() {
            writer.entry(&(n as u32 + 1).to_be_bytes(), &vec![0; *length], &mut out)?;
        }
        writer.finish(&mut out)
    };
    let planned = layout(&[3000, 3000, 3000]);
    assert!(pass(planned, &[3000, 3000, 3000]).is_ok());
    for other in [&[3000, 3000][..], &[3000, 3000, 3000, 9000], &[3000; 30]] {
        assert!(
            matches!(pass(planned, other), Err(Error::LayoutBroken(_))),
            "{other:?}"
        );
    }
}

#[test]
fn what_bbolt_would_not_take_is_refused() {
    assert!(Plan::new(1000).is_err());
    assert!(Plan::new(1 << 20).is_err());
    let mut plan = Plan::new(4096).unwrap();
    assert!(plan.entry(1, 1).is_err(), "outside of a bucket");
    assert!(plan.bucket(b"").is_err());
    plan.bucket(b"a").unwrap();
    assert!(plan.entry(0, 1).is_err());
    assert!(plan.entry(32_769, 1).is_err());
    assert!(plan.entry(32_768, 1 << 31).is_err());

    let mut out = Vec::new();
    let mut writer = Writer::new(plan.finish().unwrap(), &mut out);
    writer.bucket(b"b", &mut out).unwrap();
    assert!(writer.bucket(b"a", &mut out).is_err(), "out of order");
    writer.entry(b"2", b"", &mut out).unwrap();
    assert!(writer.entry(b"1", b"", &mut out).is_err(), "out of order");
}
