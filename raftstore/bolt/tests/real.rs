//! Real bbolt, through the Go program in `tests/go`: files that it writes are read alike on both sides, files that we write are
//! clean by its check, hold the same by its reading, and can be written on. `tests/run tools` builds the program.

#![allow(clippy::unwrap_used, reason = "these are tests")]

mod contents;

use std::{
    fmt::Write as _,
    path::{Path, PathBuf},
    process::Command,
};

use contents::{Contents, Entries, write};
use hydrofoil_bolt::{Bucket, Cursor, Db};

/// The Go program.
fn program() -> PathBuf {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/tools/bin/bolt-fixtures");
    assert!(
        path.exists(),
        "{} is missing: `tests/run tools` builds it",
        path.display()
    );
    path
}

fn run(program: &Path, arguments: &[&str], file: &Path) -> String {
    let output = Command::new(program)
        .args(arguments)
        .arg(file)
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{arguments:?}: {text}{errors}");
    text
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").unwrap();
        text
    })
}

/// The same lines as the Go program's `dump`.
fn dump(db: &Db<std::fs::File>, depth: usize, bucket: &Bucket, lines: &mut String) {
    let mut cursor = Cursor::new(db, bucket);
    while let Some(item) = cursor.next().unwrap() {
        let key = hex(item.key);
        match item.bucket {
            Some(inner) => {
                writeln!(lines, "{depth} {key} bucket {}", inner.sequence).unwrap();
                dump(db, depth + 1, &inner, lines);
            }
            None => writeln!(lines, "{depth} {key} {}", hex(item.value)).unwrap(),
        }
    }
}

fn our_dump(file: &Path) -> String {
    let db = Db::open(std::fs::File::open(file).unwrap()).unwrap();
    let report = db.check().unwrap();
    assert!(report.is_clean(), "{:?}", report.problems);
    let mut lines = String::new();
    dump(&db, 0, &db.root(), &mut lines);
    lines
}

#[test]
fn files_of_bbolt_are_read_as_bbolt_reads_them() {
    let program = &program();
    let dir = tempfile::tempdir().unwrap();
    for kind in ["plain", "nested", "nofreelist"] {
        for page_size in ["1024", "4096", "16384", "65536"] {
            let file = dir.path().join(format!("{kind}-{page_size}"));
            run(program, &["write", kind, page_size], &file);
            let db = Db::open(std::fs::File::open(&file).unwrap()).unwrap();
            assert_eq!(db.meta().page_size.to_string(), page_size);
            let free = db.free_pages().unwrap();
            assert_eq!(free.is_none(), kind == "nofreelist");
            assert!(free.is_none_or(|free| !free.is_empty()), "pages were freed");
            let theirs = run(program, &["dump"], &file);
            assert!(theirs.lines().count() > 1000);
            assert_eq!(our_dump(&file), theirs, "{kind} {page_size}");
        }
    }
}

#[test]
fn bbolt_accepts_what_we_write() {
    let program = &program();
    let dir = tempfile::tempdir().unwrap();
    let keys: Entries = (0..30_000u64)
        .map(|n| {
            let length = if n % 4001 == 0 { 70_000 } else { n * 31 % 300 };
            (n.to_be_bytes().to_vec(), vec![n as u8; length as usize])
        })
        .collect();
    let long: Entries = (0..40u8).map(|n| (vec![n; 5000], vec![n; 10])).collect();
    let quarter: Entries = (0..999u32)
        .map(|n| (n.to_be_bytes().to_vec(), vec![7; 1060]))
        .collect();
    let contents = Contents::from([
        (b"alarm".to_vec(), Entries::new()),
        (b"key".to_vec(), keys),
        (b"long".to_vec(), long),
        (
            b"meta".to_vec(),
            Entries::from([(b"term".to_vec(), vec![0; 8])]),
        ),
        (b"quarter".to_vec(), quarter),
    ]);
    let many: Contents = (0..3000u32)
        .map(|n| {
            (
                n.to_be_bytes().to_vec(),
                Entries::from([(vec![1], vec![2; 90])]),
            )
        })
        .collect();
    for (name, contents) in [("few", contents), ("many", many), ("none", Contents::new())] {
        for page_size in [1024, 4096, 16384, 65536] {
            let file = dir.path().join(format!("{name}-{page_size}"));
            std::fs::write(&file, write(&contents, page_size)).unwrap();
            run(program, &["check"], &file);
            let ours = our_dump(&file);
            assert_eq!(run(program, &["dump"], &file), ours);
            // As etcd does with what it restored: write on.
            run(program, &["append"], &file);
            run(program, &["check"], &file);
            assert_eq!(run(program, &["dump"], &file), our_dump(&file));
        }
    }
}

#[test]
fn damage_that_bbolt_finds_we_find() {
    let program = &program();
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("file");
    run(program, &["write", "plain", "4096"], &file);
    let bytes = std::fs::read(&file).unwrap();
    let db = Db::open(&bytes).unwrap();
    let pages = usize::try_from(db.meta().high_water).unwrap();
    let free = db.free_pages().unwrap().unwrap();
    let mut found = 0;
    for page in 2..pages {
        // The first element's key, turned upside down: out of order, or the free list naming another page.
        let mut bytes = bytes.clone();
        let at = page * 4096 + 16;
        let position = u32::from_le_bytes(bytes[at + 4..at + 8].try_into().unwrap()) as usize;
        for byte in bytes.iter_mut().skip(at + position.min(4000)).take(8) {
            *byte ^= 0xff;
        }
        std::fs::write(&file, &bytes).unwrap();
        let theirs = Command::new(program)
            .arg("check")
            .arg(&file)
            .output()
            .unwrap();
        if !theirs.status.success() {
            found += 1;
            let report = Db::open(&bytes).unwrap().check().unwrap();
            assert!(
                !report.is_clean(),
                "page {page}, free: {}",
                free.contains(&(page as u64))
            );
        }
    }
    assert!(found > 10, "bbolt found {found}");
}
