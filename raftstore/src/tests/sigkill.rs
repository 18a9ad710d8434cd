//! A process that writes and says what was acknowledged is killed, again and again; everything it said is there.
//!
//! The test starts itself as the child: under the variable below it is the one who writes.

use std::{
    io::{BufRead, BufReader, Write},
    process::{Command, Stdio},
};

use super::{config, get, set};
use crate::Store;

const CHILD: &str = "RAFTSTORE_TEST_SIGKILL_DIR";
const ROUNDS: usize = 6;

#[test]
fn sigkill_loses_nothing_acknowledged() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .unwrap();
    if let Ok(dir) = std::env::var(CHILD) {
        runtime.block_on(write_forever(dir.into()));
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let mut acknowledged: Vec<(i64, String, String)> = Vec::new();
    for round in 0..ROUNDS {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args([
                "tests::sigkill::sigkill_loses_nothing_acknowledged",
                "--exact",
                "--nocapture",
            ])
            .env(CHILD, dir.path())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap())
            .lines()
            .map_while(Result::ok);
        let enough = 20 + round * 60;
        let mut said = 0;
        let mut killed = false;
        for line in lines {
            if let Some(line) = line.strip_prefix("ack ") {
                let mut words = line.split(' ');
                let mut word = || words.next().unwrap().to_owned();
                acknowledged.push((word().parse().unwrap(), word(), word()));
                said += 1;
            }
            if said >= enough && !killed {
                child.kill().unwrap();
                killed = true;
                // What is in the pipe was acknowledged as well: the loop goes on to its end.
            }
        }
        child.wait().unwrap();
        assert!(killed, "the child ended by itself");
    }
    runtime.block_on(async {
        let store = Store::open(config(dir.path())).await.unwrap();
        let mut last = 1;
        for (revision, key, value) in &acknowledged {
            assert_eq!(
                get(&store, key, *revision).await.unwrap().as_ref(),
                Some(value),
                "{revision}"
            );
            last = last.max(*revision);
        }
        assert!(store.revision() >= last);
        store.shutdown().await;
    });
}

async fn write_forever(dir: std::path::PathBuf) {
    let store = Store::open(config(&dir)).await.unwrap();
    let writers = (0..4).map(|writer| {
        let store = store.clone();
        tokio::spawn(async move {
            for n in 0.. {
                let (key, value) = (format!("w{writer}"), format!("{n}"));
                let revision = set(&store, &key, &value).await;
                let mut out = std::io::stdout().lock();
                writeln!(out, "ack {revision} {key} {value}").unwrap();
                out.flush().unwrap();
            }
        })
    });
    futures::future::join_all(writers).await;
}
