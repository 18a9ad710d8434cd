//! openraft's own suite over our log and our state machine, and what it does not ask of the log.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use openraft::{
    Entry as RaftEntry, EntryPayload, RaftLogReader, StorageError,
    storage::{IOFlushed, RaftLogStorage},
    testing::log::{StoreBuilder, Suite},
    type_config::TypeConfigExt,
};

use super::disk::Forgetful;
use crate::{
    Clock, Error, Metrics,
    auth::token::Tokens,
    backend::{Backend, persist},
    command::{Command, Proposal},
    core::{Core, Setup},
    mvcc::space::Limits,
    raft::{CommittedLeaderId, Entry, LogId, TypeConfig, Vote, machine::Machine},
    wal::{
        disk::{Disk, Folder},
        log::{Log, LogConfig},
        record::ALIGN,
        recover::file_name,
    },
};

struct Guard {
    core: Arc<Core>,
    log: Log,
}

impl Drop for Guard {
    fn drop(&mut self) {
        self.core.pending.close();
        let log = self.log.clone();
        std::thread::spawn(move || log.close());
    }
}

/// Builds stores on disks that this makes.
struct On<F>(F);

impl<F> StoreBuilder<TypeConfig, Log, Machine, Guard> for On<F>
where
    F: Fn() -> Arc<dyn Disk> + Send + Sync,
{
    async fn build(&self) -> Result<(Guard, Log, Machine), StorageError<TypeConfig>> {
        let disk = self.0();
        let limits = Limits {
            window_bytes: 1 << 20,
            value_bytes: 1 << 20,
        };
        let backend = Backend::open(&*disk, 1 << 20).unwrap();
        let setup = Setup {
            cluster_id: 1,
            member_id: 1,
            limits,
            clock: Clock::start(),
            lease_checkpoint_interval: None,
            tokens: Tokens::None,
            quota: None,
            metrics: Metrics::default(),
            lock: None,
        };
        let core = Core::load(backend, setup).unwrap();
        let core = Arc::new(core);
        persist::start(
            Arc::clone(&core),
            std::time::Duration::from_millis(1),
            || {},
        )
        .unwrap();
        let log = open(&disk).unwrap();
        let guard = Guard {
            core: Arc::clone(&core),
            log: log.clone(),
        };
        Ok((guard, log, Machine::new(core)))
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn openrafts_storage_suite_in_memory() {
    let forgetful = || Arc::new(Forgetful::new()) as Arc<dyn Disk>;
    Suite::test_all(On(forgetful)).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn openrafts_storage_suite_on_disk() {
    let dir = tempfile::tempdir().unwrap();
    let folders = AtomicU64::new(0);
    let folder = || {
        let number = folders.fetch_add(1, Ordering::Relaxed);
        let folder = Folder::create(&dir.path().join(number.to_string())).unwrap();
        Arc::new(folder) as Arc<dyn Disk>
    };
    Suite::test_all(On(folder)).await.unwrap();
}

/// The power went off while the store was made for the first time, at another moment for each part of the suite: what is torn then
/// was never anybody's, and the store begins empty.
#[tokio::test(flavor = "multi_thread")]
async fn openrafts_storage_suite_on_a_disk_that_tears() {
    let seeds = AtomicU64::new(0);
    let torn = || {
        let seed = seeds.fetch_add(1, Ordering::Relaxed);
        let disk = Forgetful::new();
        disk.fail_after(seed);
        let first: Arc<dyn Disk> = Arc::new(disk.clone());
        let made = Backend::open(&*first, 1 << 20).and_then(|backend| {
            drop(backend);
            open(&first)
        });
        if let Ok(log) = made {
            // Closing a log waits, which a task must not.
            std::thread::spawn(move || log.close()).join().unwrap();
        }
        Arc::new(disk.crashed(seed)) as Arc<dyn Disk>
    };
    Suite::test_all(On(torn)).await.unwrap();
    assert!(seeds.into_inner() > 20, "each part has a disk of its own");
}

fn open(disk: &Arc<dyn Disk>) -> Result<Log, Error> {
    let config = LogConfig {
        cluster_id: 1,
        member_id: 1,
        segment_bytes: 4_096,
    };
    Log::open(Arc::clone(disk), config, Metrics::default())
}

fn id(index: u64) -> LogId {
    LogId {
        leader_id: CommittedLeaderId::new(1),
        index,
    }
}

fn entry(index: u64) -> Entry {
    let command = Command::Compact {
        revision: index as i64,
    };
    RaftEntry {
        log_id: id(index),
        payload: EntryPayload::Normal(Proposal::new(command)),
    }
}

async fn append(log: &mut Log, range: std::ops::Range<u64>) -> std::io::Result<()> {
    let (tx, rx) = TypeConfig::oneshot();
    log.append(range.map(entry), IOFlushed::signal(tx)).await?;
    rx.await.unwrap()
}

async fn indices(log: &mut Log) -> Vec<u64> {
    let entries = log.try_get_log_entries(..).await.unwrap();
    for entry in &entries {
        assert_eq!(*entry, self::entry(entry.log_id.index));
    }
    entries.iter().map(|entry| entry.log_id.index).collect()
}

async fn close(log: Log) {
    tokio::task::spawn_blocking(move || log.close())
        .await
        .unwrap();
}

#[tokio::test]
async fn a_log_comes_back_over_many_segments() {
    let forgetful = Forgetful::new();
    let disk: Arc<dyn Disk> = Arc::new(forgetful.clone());
    let mut log = open(&disk).unwrap();
    log.save_vote(&Vote::new_committed(7, 1)).await.unwrap();
    for batch in 0..100 {
        append(&mut log, batch * 10..(batch + 1) * 10)
            .await
            .unwrap();
    }
    log.truncate_after(Some(id(949))).await.unwrap();
    append(&mut log, 950..960).await.unwrap();
    log.purge(id(399)).await.unwrap();
    append(&mut log, 960..961).await.unwrap();
    close(log).await;
    let logs = disk.list().unwrap().len();
    assert!(logs > 3, "{logs} segments");

    let mut log = open(&disk).unwrap();
    assert_eq!(indices(&mut log).await, (400..961).collect::<Vec<_>>());
    assert_eq!(
        log.read_vote().await.unwrap(),
        Some(Vote::new_committed(7, 1))
    );
    let state = log.get_log_state().await.unwrap();
    assert_eq!(
        (state.last_purged_log_id, state.last_log_id),
        (Some(id(399)), Some(id(960)))
    );
    log.purge(id(960)).await.unwrap();
    append(&mut log, 961..962).await.unwrap();
    close(log).await;
    assert!(
        disk.list().unwrap().len() <= 2,
        "purged segments are removed"
    );
    assert_eq!(indices(&mut open(&disk).unwrap()).await, [961]);
}

#[tokio::test]
async fn whatever_is_torn_the_acknowledged_entries_are_there() {
    for seed in 0..300u64 {
        let forgetful = Forgetful::new();
        let disk: Arc<dyn Disk> = Arc::new(forgetful.clone());
        let mut log = open(&disk).unwrap();
        forgetful.fail_after(seed % 40);
        let mut acknowledged = 0;
        let mut next = 0;
        while append(&mut log, next..next + 1 + seed % 7).await.is_ok() {
            next += 1 + seed % 7;
            acknowledged = next;
        }
        let disk: Arc<dyn Disk> = Arc::new(forgetful.crashed(seed));
        let mut log = open(&disk).unwrap();
        let found = indices(&mut log).await;
        assert!(
            found.len() as u64 >= acknowledged,
            "seed {seed}: {} of {acknowledged}",
            found.len()
        );
        assert_eq!(
            found,
            (0..found.len() as u64).collect::<Vec<_>>(),
            "seed {seed}"
        );
        // The log goes on, and is whole after another stop.
        let next = found.len() as u64;
        append(&mut log, next..next + 3).await.unwrap();
        close(log).await;
        assert_eq!(
            indices(&mut open(&disk).unwrap()).await.len() as u64,
            next + 3,
            "seed {seed}"
        );
    }
}

#[tokio::test]
async fn damage_before_the_end_is_an_error_that_names_the_place() {
    let forgetful = Forgetful::new();
    let disk: Arc<dyn Disk> = Arc::new(forgetful.clone());
    let mut log = open(&disk).unwrap();
    for batch in 0..60 {
        append(&mut log, batch..batch + 1).await.unwrap();
    }
    close(log).await;
    let name = file_name(1);
    let length = forgetful.bytes(&name).len();
    for offset in (0..length).step_by(13) {
        let damaged = forgetful.crashed(0);
        damaged.damage(&name, offset);
        let disk: Arc<dyn Disk> = Arc::new(damaged);
        match open(&disk) {
            Err(Error::Corrupt {
                file, offset: at, ..
            }) => {
                assert_eq!(file, name);
                assert!(
                    at <= offset as u64 && at + 64 > offset as u64,
                    "{at} for {offset}"
                );
            }
            // Padding between records says nothing, and the mark of the clean stop is the end itself.
            Ok(mut log) => assert_eq!(indices(&mut log).await.len(), 60, "offset {offset}"),
            Err(error) => panic!("{error}"),
        }
    }
}

#[tokio::test]
async fn a_file_is_longer_than_what_is_in_it_only_while_it_is_written() {
    let forgetful = Forgetful::new();
    let disk: Arc<dyn Disk> = Arc::new(forgetful.clone());
    let mut log = open(&disk).unwrap();
    let room = |name: u64| {
        let bytes = forgetful.bytes(&file_name(name));
        bytes.len()
            - bytes
                .iter()
                .rposition(|byte| *byte != 0)
                .map_or(0, |at| at + 1)
    };
    append(&mut log, 0..1).await.unwrap();
    assert!(room(1) > 1_000, "laid out ahead");
    let mut next = 1;
    while forgetful.list().unwrap().len() == 1 {
        append(&mut log, next..next + 1).await.unwrap();
        next += 1;
    }
    assert!(room(1) < ALIGN, "whole, and no longer");
    assert!(room(2) > 1_000, "laid out ahead");
    // What is laid out after a crash says nothing.
    let crashed: Arc<dyn Disk> = Arc::new(forgetful.crashed(0));
    let mut after = open(&crashed).unwrap();
    assert_eq!(indices(&mut after).await.len() as u64, next);
    close(log).await;
    assert!(room(2) < ALIGN, "a clean stop leaves no room");
}

#[tokio::test]
async fn a_failed_flush_is_told_and_nothing_is_acknowledged_after_it() {
    let forgetful = Forgetful::new();
    let disk: Arc<dyn Disk> = Arc::new(forgetful.clone());
    let mut log = open(&disk).unwrap();
    append(&mut log, 0..1).await.unwrap();
    forgetful.fail_after(0);
    assert!(append(&mut log, 1..2).await.is_err());
    forgetful.fail_after(1_000);
    assert!(
        append(&mut log, 2..3).await.is_err(),
        "the power came back, the log must not"
    );
}

#[tokio::test]
async fn a_log_of_another_member_is_refused() {
    let disk: Arc<dyn Disk> = Arc::new(Forgetful::new());
    let mut log = open(&disk).unwrap();
    append(&mut log, 0..1).await.unwrap();
    close(log).await;
    let config = LogConfig {
        cluster_id: 1,
        member_id: 2,
        segment_bytes: 4_096,
    };
    let opened = Log::open(disk, config, Metrics::default());
    assert!(matches!(opened, Err(Error::Incompatible { .. })));
}
