//! How many puts a second the store acknowledges at 1, 100 and 1,000 concurrent clients, how long they take, and how long
//! opening takes. `cargo run --release -p hydrofoil-raftstore --example bench -- [FOLDER]`; the folder decides the disk.

use std::{
    path::PathBuf,
    sync::Arc,
    time::{Duration, Instant},
};

use bytes::Bytes;
use hydrofoil_raftstore::{Config, Error, PutRequest, RangeRequest, Store};

const VALUE_BYTES: usize = 256;
const SECONDS: u64 = 5;

fn main() -> Result<(), Error> {
    let folder = std::env::args()
        .nth(1)
        .map_or_else(std::env::temp_dir, PathBuf::from);
    let dir = folder.join(format!("raftstore-bench-{}", std::process::id()));
    let runtime = tokio::runtime::Runtime::new().map_err(|e| Error::Internal(e.to_string()))?;
    let result = runtime.block_on(bench(dir.clone()));
    drop(runtime);
    if let Err(error) = std::fs::remove_dir_all(&dir) {
        eprintln!("{} stays: {error}", dir.display());
    }
    result
}

async fn bench(dir: PathBuf) -> Result<(), Error> {
    let begun = Instant::now();
    let store = Store::open(Config::new(&dir)).await?;
    println!("first open        {:>10.1?}", begun.elapsed());
    println!(
        "{:<8} {:>10} {:>10} {:>10} {:>12}",
        "clients", "puts/s", "p50", "p99", "CPU us/put"
    );
    for clients in [1, 100, 1_000] {
        puts(&store, clients).await?;
    }
    gets(&store).await?;
    store.shutdown().await;
    let begun = Instant::now();
    let store = Store::open(Config::new(&dir)).await?;
    println!(
        "open with {:>7} revisions {:>10.1?}",
        store.revision(),
        begun.elapsed()
    );
    store.shutdown().await;
    Ok(())
}

async fn puts(store: &Store, clients: usize) -> Result<(), Error> {
    let value = Bytes::from(vec![b'v'; VALUE_BYTES]);
    let until = Instant::now() + Duration::from_secs(SECONDS);
    let cpu = cpu_seconds();
    let begun = Instant::now();
    let tasks: Vec<_> = (0..clients)
        .map(|client| {
            let (store, value) = (store.clone(), value.clone());
            tokio::spawn(async move {
                let mut times = Vec::new();
                while Instant::now() < until {
                    let key = format!("/bench/{client}/{}", times.len() % 100);
                    let begun = Instant::now();
                    store
                        .put(PutRequest {
                            key: key.into(),
                            value: value.clone(),
                            ..Default::default()
                        })
                        .await?;
                    times.push(begun.elapsed());
                }
                Ok::<_, Error>(times)
            })
        })
        .collect();
    let mut times = Vec::new();
    for task in tasks {
        times.extend(task.await.map_err(|e| Error::Internal(e.to_string()))??);
    }
    let elapsed = begun.elapsed().as_secs_f64();
    let cpu = cpu_seconds() - cpu;
    times.sort_unstable();
    let at = |share: f64| times[((times.len() - 1) as f64 * share) as usize];
    println!(
        "{clients:<8} {:>10.0} {:>10.1?} {:>10.1?} {:>12.1}",
        times.len() as f64 / elapsed,
        at(0.5),
        at(0.99),
        cpu * 1e6 / times.len() as f64,
    );
    Ok(())
}

async fn gets(store: &Store) -> Result<(), Error> {
    let key: Arc<[u8]> = Arc::from(&b"/bench/0/1"[..]);
    let begun = Instant::now();
    const READS: u32 = 200_000;
    for _ in 0..READS {
        store
            .range(RangeRequest::key(Bytes::copy_from_slice(&key)))
            .await?;
    }
    println!("a linearizable read {:>8.2?}", begun.elapsed() / READS);
    Ok(())
}

/// CPU time of this process, user and system, from /proc; 0 where there is none.
fn cpu_seconds() -> f64 {
    const TICKS_PER_SECOND: f64 = 100.0;
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let after_name = stat.rsplit(')').next().unwrap_or_default();
    let ticks: f64 = after_name
        .split_whitespace()
        .skip(11)
        .take(2)
        .filter_map(|field| field.parse::<f64>().ok())
        .sum();
    ticks / TICKS_PER_SECOND
}
