//! Files that were cut, or of which bits were flipped: an error or a problem in the report, or contents that the damage did not
//! reach; never a panic, an endless loop, or memory beyond what the file itself could need.

mod contents;

use contents::{Contents, Entries, read, write};
use hydrofoil_bolt::{Cursor, Db, Error};
use proptest::prelude::*;

fn sample(page_size: u32) -> (Contents, Vec<u8>) {
    let entries: Entries = (0..600u32)
        .map(|n| {
            let length = if n % 97 == 0 { 6000 } else { n % 61 };
            (n.to_be_bytes().to_vec(), vec![n as u8; length as usize])
        })
        .collect();
    let small = Entries::from([(b"consistent_index".to_vec(), vec![0; 8])]);
    let contents = Contents::from([
        (b"alarm".to_vec(), Entries::new()),
        (b"key".to_vec(), entries),
        (b"meta".to_vec(), small),
    ]);
    let file = write(&contents, page_size);
    (contents, file)
}

/// Goes through everything that a file can be asked, nested buckets included.
fn walk(file: &Vec<u8>) -> Result<bool, Error> {
    let db = Db::open(file)?;
    let report = db.check()?;
    drop(db.free_pages());
    let mut waiting = vec![db.root()];
    // Damage can make a bucket refer to one above it; a bound stands in for whoever goes through nested buckets.
    for _ in 0..100 {
        let Some(bucket) = waiting.pop() else { break };
        let mut cursor = Cursor::new(&db, &bucket);
        while let Some(item) = cursor.next()? {
            waiting.extend(item.bucket);
        }
    }
    Ok(report.is_clean())
}

#[test]
fn a_cut_file_is_an_error_wherever_it_is_cut() {
    let (_, file) = sample(1024);
    for length in (0..file.len()).step_by(61) {
        let cut = file[..length].to_vec();
        assert!(
            matches!(
                Db::open(&cut),
                Err(Error::Truncated { .. } | Error::NotBolt(_))
            ),
            "cut at {length}"
        );
    }
}

#[test]
fn one_bad_meta_is_survived_and_two_are_not() {
    for page_size in [1024, 4096, 65536] {
        let (contents, file) = sample(page_size);
        let (first, second) = (20, page_size as usize + 20);
        for bad in [first, second] {
            let mut file = file.clone();
            file[bad] ^= 1;
            assert_eq!(read(&file).unwrap(), contents);
        }
        let mut file = file.clone();
        file[first] ^= 1;
        file[second] ^= 1;
        assert!(matches!(Db::open(&file), Err(Error::NotBolt(_))));
    }
}

/// Every bit of every page's header is noticed, but for one that makes a page empty (bbolt allows that); values are the
/// business of the snapshot's hash.
#[test]
fn a_changed_header_is_noticed() {
    let (_, file) = sample(1024);
    let pages = file.len() / 1024;
    let mut page = 2;
    while page < pages {
        let at = page * 1024;
        let count = u16::from_le_bytes(file[at + 10..at + 12].try_into().unwrap());
        let overflow = u32::from_le_bytes(file[at + 12..at + 16].try_into().unwrap());
        let emptied = (80..96).find(|bit| count == 1 << (bit - 80));
        for bit in (0..128).filter(|bit| Some(*bit) != emptied) {
            let mut file = file.clone();
            file[at + bit / 8] ^= 1 << (bit % 8);
            assert!(
                !matches!(walk(&file), Ok(true)),
                "page {page}, bit {bit} of its header"
            );
        }
        page += 1 + overflow as usize;
    }
}

#[test]
fn a_branch_that_leads_back_to_itself_ends() {
    let (_, file) = sample(1024);
    let root = Db::open(&file).unwrap().bucket(b"key").unwrap().unwrap();
    let at = file
        .chunks(1024)
        .rposition(|page| page[8] == 1 && page[9] == 0)
        .expect("a branch")
        * 1024;
    let id = (at / 1024) as u64;
    let mut looped = file.clone();
    // The first element's page below.
    looped[at + 16 + 8..at + 32].copy_from_slice(&id.to_le_bytes());
    let db = Db::open(&looped).unwrap();
    let mut cursor = Cursor::new(&db, &root);
    let error = loop {
        match cursor.next() {
            Ok(Some(_)) => {}
            Ok(None) => panic!("it ended as if nothing were wrong"),
            Err(error) => break error,
        }
    };
    assert!(error.to_string().contains("circles"), "{error}");
    let report = db.check().unwrap();
    assert!(
        report
            .problems
            .iter()
            .any(|p| p.contains("multiple references")),
        "{:?}",
        report.problems
    );
}

/// So many cases, or as many as `PROPTEST_CASES` says.
fn cases(usual: u32) -> ProptestConfig {
    match std::env::var_os("PROPTEST_CASES") {
        Some(_) => ProptestConfig::default(),
        None => ProptestConfig::with_cases(usual),
    }
}

proptest! {
    #![proptest_config(cases(600))]
    #[test]
    fn any_damage(
        flips in prop::collection::vec((any::<prop::sample::Index>(), 0u8..8), 1..12),
        fix_metas in any::<bool>(),
    ) {
        let (_, mut file) = sample(1024);
        let metas = file[..2048].to_vec();
        for (at, bit) in flips {
            let at = at.index(file.len());
            file[at] ^= 1 << bit;
        }
        if fix_metas {
            file[..2048].copy_from_slice(&metas);
        }
        // Whatever comes of it, it comes.
        drop(walk(&file));
    }

    #[test]
    fn damage_to_structures(
        hits in prop::collection::vec((any::<prop::sample::Index>(), 0usize..80, any::<u8>()), 1..8),
    ) {
        let (_, mut file) = sample(1024);
        let pages = file.len() / 1024 - 2;
        for (page, at, byte) in hits {
            let page = 2 + page.index(pages);
            file[page * 1024 + at] = byte;
        }
        drop(walk(&file));
    }

    #[test]
    fn rubbish(bytes in prop::collection::vec(any::<u8>(), 0..6000)) {
        prop_assert!(walk(&bytes).is_err());
    }
}
