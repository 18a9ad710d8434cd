//! Guests: tiny ones written as text, and the repository's own, built once if nobody has yet.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, PoisonError};

/// A module that exits with a code.
pub fn exits_with(code: u32) -> String {
    format!(
        r#"(module
             (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
             (memory (export "memory") 1)
             (func (export "_start") (call $exit (i32.const {code}))))"#
    )
}

/// A module that does nothing and returns.
pub const RETURNS: &str = r#"(module (memory (export "memory") 1) (func (export "_start")))"#;

/// A module that traps, two calls deep.
pub const TRAPS: &str = r#"(module
    (memory (export "memory") 1)
    (func $deep_inside unreachable)
    (func (export "_start") (call $deep_inside)))"#;

/// A module that computes for ever.
pub const SPINS: &str = r#"(module
    (memory (export "memory") 1)
    (func (export "_start") (loop $again (br $again))))"#;

/// A module that recurses without end.
pub const RECURSES: &str = r#"(module
    (memory (export "memory") 1)
    (func $down (param i32) (result i32)
      (i32.add (call $down (i32.add (local.get 0) (i32.const 1))) (i32.const 1)))
    (func (export "_start") (drop (call $down (i32.const 0)))))"#;

/// A module that grows its memory until it may not, and then traps, as allocators do.
pub const EATS_MEMORY: &str = r#"(module
    (memory (export "memory") 1)
    (func (export "_start")
      (loop $again
        (br_if $again (i32.ne (memory.grow (i32.const 16)) (i32.const -1))))
      unreachable))"#;

/// The same with a table.
pub const EATS_TABLE: &str = r#"(module
    (memory (export "memory") 1)
    (table $t 1 100000000 funcref)
    (func (export "_start")
      (loop $again
        (br_if $again (i32.ne (table.grow $t (ref.null func) (i32.const 1000)) (i32.const -1))))
      unreachable))"#;

/// A module that asks for more memory than allowed, is refused, and lives with it.
pub const TAKES_NO_FOR_AN_ANSWER: &str = r#"(module
    (memory (export "memory") 1)
    (func (export "_start") (drop (memory.grow (i32.const 10000)))))"#;

/// A module that waits for a clock, an hour.
pub const WAITS: &str = r#"(module
    (import "wasi_snapshot_preview1" "poll_oneoff" (func $poll (param i32 i32 i32 i32) (result i32)))
    (memory (export "memory") 1)
    (func (export "_start")
      (i32.store (i32.const 16) (i32.const 1))
      (i64.store (i32.const 24) (i64.const 3600000000000))
      (drop (call $poll (i32.const 0) (i32.const 64) (i32.const 1) (i32.const 128)))))"#;

/// A module that writes pieces to a stream (1 or 2), each with a call of its own.
pub fn writes(stream: u32, pieces: &[&str]) -> String {
    let mut data = String::new();
    let mut calls = String::new();
    let mut at = 1024;
    for piece in pieces {
        let escaped: String = piece.bytes().map(|b| format!("\\{b:02x}")).collect();
        let _ = write!(data, "(data (i32.const {at}) \"{escaped}\")");
        let _ = write!(
            calls,
            "(i32.store (i32.const 0) (i32.const {at}))
             (i32.store (i32.const 4) (i32.const {}))
             (drop (call $write (i32.const {stream}) (i32.const 0) (i32.const 1) (i32.const 8)))",
            piece.len()
        );
        at += piece.len();
    }
    let pages = at / 65536 + 1;
    format!(
        r#"(module
             (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
             (memory (export "memory") {pages})
             {data}
             (func (export "_start") {calls}))"#
    )
}

/// How [`opens`] opens.
pub mod open {
    pub const READ: u64 = 1 << 1;
    pub const WRITE: u64 = 1 << 6;
    pub const CREATE: u32 = 1;
    pub const FOLLOW: u32 = 1;
}

/// A module that opens a path below its first preopen and exits with the error number, 0 for success.
pub fn opens(path: &str, rights: u64, how: u32) -> String {
    let size = path.len();
    let follow = open::FOLLOW;
    format!(
        r#"(module
             (import "wasi_snapshot_preview1" "path_open"
               (func $open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
             (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
             (memory (export "memory") 1)
             (data (i32.const 1024) "{path}")
             (func (export "_start")
               (call $exit
                 (call $open (i32.const 3) (i32.const {follow}) (i32.const 1024) (i32.const {size})
                   (i32.const {how}) (i64.const {rights}) (i64.const 0) (i32.const 0) (i32.const 0)))))"#
    )
}

/// A component that imports what is not there.
pub const IMPORTS_NOBODYS: &str = r#"(component
    (import "wasi:cli/stdout@0.2.3" (instance))
    (import "acme:warehouse/shelves@1.2.0" (instance))
    (import "wasi:nn/inference@0.2.0-rc-2024-10-28" (instance)))"#;

/// A component that answers HTTP by trapping.
pub const HTTP_TRAPS: &str = r#"(component
    (import "wasi:http/types@0.2.0" (instance $types
      (export "incoming-request" (type (sub resource)))
      (export "response-outparam" (type (sub resource)))))
    (alias export $types "incoming-request" (type $request))
    (alias export $types "response-outparam" (type $outparam))
    (core module $m
      (func $answering_goes_wrong unreachable)
      (func (export "handle") (param i32 i32) (call $answering_goes_wrong)))
    (core instance $i (instantiate $m))
    (func $handle (param "request" (own $request)) (param "response-out" (own $outparam))
      (canon lift (core func $i "handle")))
    (component $shim
      (import "request" (type $request (sub resource)))
      (import "outparam" (type $outparam (sub resource)))
      (import "handle" (func $handle (param "request" (own $request)) (param "response-out" (own $outparam))))
      (export $r "incoming-request" (type $request))
      (export $o "response-outparam" (type $outparam))
      (export "handle" (func $handle)
        (func (param "request" (own $r)) (param "response-out" (own $o)))))
    (instance $handler (instantiate $shim
      (with "request" (type $request))
      (with "outparam" (type $outparam))
      (with "handle" (func $handle))))
    (export "wasi:http/incoming-handler@0.2.0" (instance $handler)))"#;

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .unwrap()
        .to_path_buf()
}

/// A file that a guest workspace builds. Built here if it is not there.
fn built(workspace: &str, target: &str, file: &str) -> PathBuf {
    static BUILDING: Mutex<()> = Mutex::new(());
    let workspace = repository().join(workspace);
    let path = workspace
        .join("target")
        .join(target)
        .join("release")
        .join(file);
    let _one = BUILDING.lock().unwrap_or_else(PoisonError::into_inner);
    if !path.exists() {
        // A library's file has underscores where its package has dashes.
        let package = file.trim_end_matches(".wasm").replace('_', "-");
        let status = Command::new(env!("CARGO"))
            .args([
                "build",
                "--quiet",
                "--release",
                "--locked",
                "--target",
                target,
            ])
            .args(["--target-dir", "target", "-p", &package])
            .env_remove("CARGO_ENCODED_RUSTFLAGS")
            .env_remove("RUSTFLAGS")
            .current_dir(&workspace)
            .status()
            .unwrap();
        assert!(
            status.success(),
            "building the guests of {}",
            workspace.display()
        );
    }
    path
}

/// One of `examples/`.
pub fn example(file: &str) -> PathBuf {
    built("examples", "wasm32-wasip2", file)
}

/// The guest that does what its arguments say, as a component.
pub fn probe() -> PathBuf {
    built("tests/guests", "wasm32-wasip2", "probe.wasm")
}

/// The same as a preview 1 module.
pub fn probe_module() -> PathBuf {
    built("tests/guests", "wasm32-wasip1", "probe.wasm")
}

/// A guest of one file beside the tests, compiled anew when it has changed.
pub fn compiled(source: &str) -> PathBuf {
    static COMPILING: Mutex<()> = Mutex::new(());
    let source = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/cri")
        .join(source);
    let made = Path::new(env!("CARGO_TARGET_TMPDIR"))
        .join(source.file_name().unwrap())
        .with_extension("wasm");
    let age = |path: &Path| path.metadata().and_then(|m| m.modified()).ok();
    let _one = COMPILING.lock().unwrap();
    if age(&made).is_none_or(|age_of_made| Some(age_of_made) < age(&source)) {
        let status = Command::new(std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into()))
            .args(["--edition", "2024", "--target", "wasm32-wasip2", "-O", "-o"])
            .args([&made, &source])
            .status()
            .unwrap();
        assert!(status.success(), "compiling {}", source.display());
    }
    made
}
