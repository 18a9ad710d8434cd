//! Which seeds are run, and what is said of one that fails.
//!
//! Each runs in a process of its own: tokio counts runtimes in a static variable that its randomness depends on, so only a run
//! that is the first of its process is the same every time. The process also bounds a run in which simulated time stops.

use std::{
    cell::RefCell,
    ops::Range,
    panic,
    process::{Command, Stdio},
    sync::mpsc,
    time::Duration,
};

use super::entropy;

/// Names the seeds to run instead of the usual ones: a range `FROM..TO`, or how many from 0 on.
const VARIABLE: &str = "SIMULATION_SEEDS";
/// Tells a process that it is to run this seed and no other.
const ONE: &str = "SIMULATION_ONE";
/// Longest that a seed may take by the real clock. One that takes longer is one in which simulated time has stopped.
const LIMIT: Duration = Duration::from_secs(300);
/// What a process prints before what its run is known by.
const DIGEST: &str = "digest of the run: ";

thread_local! {
    static PANICKED: RefCell<Option<String>> = const { RefCell::new(None) };
}

fn range(usual: u64) -> Range<u64> {
    let Ok(named) = std::env::var(VARIABLE) else {
        return 0..usual;
    };
    let parsed = match named.split_once("..") {
        Some((from, to)) => from.trim().parse().ok().zip(to.trim().parse().ok()),
        None => named.trim().parse().ok().map(|count| (0, count)),
    };
    let (from, to) = parsed.unwrap_or_else(|| {
        panic!("{VARIABLE} is FROM..TO or a count, such as 100..200, and not {named:?}")
    });
    from..to
}

/// Runs `usual` seeds of the test `test` of `scenarios`, or those that the environment names. `run` does one and returns what
/// the run is known by. A seed that fails says how to run it again.
pub fn each(test: &str, usual: u64, run: impl FnOnce(u64) -> u64 + Send + 'static) {
    if let Ok(seed) = std::env::var(ONE) {
        return here(seed.parse().unwrap(), run);
    }
    let range = range(usual);
    assert!(!range.is_empty(), "no seeds to run");
    for seed in range {
        elsewhere(test, seed);
    }
}

/// Runs a seed in this process, on a thread whose randomness follows from it.
fn here(seed: u64, run: impl FnOnce(u64) -> u64 + Send + 'static) {
    let before = panic::take_hook();
    panic::set_hook(Box::new(move |info| {
        PANICKED.set(Some(info.to_string()));
        before(info);
    }));
    let thread = std::thread::Builder::new().name(format!("seed {seed}"));
    let running = thread.spawn(move || {
        entropy::seed(seed);
        println!("{DIGEST}{:016x}", run(seed));
    });
    if let Err(panic) = running.unwrap().join() {
        panic::resume_unwind(panic);
    }
}

/// Runs a seed in another process. Returns what the run is known by.
pub fn elsewhere(test: &str, seed: u64) -> String {
    let child = Command::new(std::env::current_exe().unwrap())
        .args([&format!("scenarios::{test}"), "--exact", "--nocapture"])
        .env(ONE, seed.to_string())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let id = child.id();
    let (tx, rx) = mpsc::channel();
    let waiting = std::thread::spawn(move || drop(tx.send(child.wait_with_output())));
    let ended = rx.recv_timeout(LIMIT);
    if ended.is_err() {
        drop(Command::new("kill").args(["-9", &id.to_string()]).status());
    }
    waiting.join().unwrap();
    let (success, output) = match ended {
        Ok(output) => {
            let output = output.unwrap();
            let text = [output.stdout, output.stderr].concat();
            (
                output.status.success(),
                String::from_utf8_lossy(&text).into_owned(),
            )
        }
        Err(_) => (false, format!("it has not ended after {LIMIT:?}")),
    };
    let digest = output.lines().find_map(|line| line.split_once(DIGEST));
    match digest {
        Some((_, digest)) if success => digest.to_owned(),
        _ => panic!(
            "seed {seed} failed:\n{output}\nagain: {VARIABLE}={seed}..{} cargo test -p hydrofoil-raftstore --test simulation {test}",
            seed + 1
        ),
    }
}

/// A panic in a task does not end the simulation by itself; the next step does.
pub fn check_panics() {
    if let Some(why) = PANICKED.take() {
        panic!("a task panicked: {why}");
    }
}
