//! A simulated cluster, from its start to when it is well again after the trouble.
//!
//! How a run follows from its seed: the order of hosts, messages, their delays and losses, faults, election timeouts and the
//! workload are drawn from it, time is simulated, nothing runs on another thread, and what the system gives as randomness
//! follows from it too (see `entropy`). A seed is run again on a thread of its own, with the same result.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use hydrofoil_raftstore::{
    Config, InitialClusterState, InitialMember, Store,
    simulation::{self, Forgetful},
};
use parking_lot::Mutex;
use turmoil::{Builder, Sim};

use super::{
    faults::{Faults, Nemesis},
    history::{History, Shared},
    network, seeds, workload,
};

/// How a run is.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    /// Members that begin the cluster.
    pub members: usize,
    /// What goes wrong.
    pub faults: Faults,
    /// How long things go wrong, in simulated time.
    pub trouble: Duration,
    /// Whether a member is added and removed meanwhile.
    pub membership: bool,
}

impl Plan {
    /// Whose members stay the same.
    pub fn new(members: usize, faults: Faults, trouble: Duration) -> Plan {
        Plan {
            members,
            faults,
            trouble,
            membership: false,
        }
    }
}

/// Longest time in which everything must be well again after the trouble.
const CALM: Duration = Duration::from_secs(60);
/// Time between two steps of the simulation.
const TICK: Duration = Duration::from_millis(2);
/// Changes of the members that a run with such makes: one is added, and removed.
const CHANGES: usize = 2;
/// The name of the member that is added.
pub const SPARE: &str = "spare";

/// What the members' hosts share with the test.
#[derive(Clone)]
pub struct Hosts {
    /// The names of the members that begin the cluster.
    pub names: Vec<String>,
    /// What is seen.
    pub history: Shared,
    /// The seed of the run.
    pub seed: u64,
    /// The member that may be added, with what it is started with once it was.
    pub spare: Arc<Mutex<Option<Vec<InitialMember>>>>,
    /// Members that are to stop as a member is stopped, with all that is done then.
    pub stopping: Arc<Mutex<Vec<String>>>,
    disks: Arc<Mutex<BTreeMap<String, Forgetful>>>,
    trouble: Arc<AtomicBool>,
    finished: Arc<AtomicUsize>,
    lives: Arc<AtomicUsize>,
    with_spare: bool,
}

impl Hosts {
    fn new(seed: u64, plan: Plan) -> Hosts {
        Hosts {
            names: (0..plan.members).map(|n| format!("m{n}")).collect(),
            history: Shared::default(),
            seed,
            spare: Arc::default(),
            stopping: Arc::default(),
            disks: Arc::default(),
            trouble: Arc::new(AtomicBool::new(true)),
            finished: Arc::default(),
            lives: Arc::default(),
            with_spare: plan.membership,
        }
    }

    /// Takes a member's power away: what was not flushed is lost, or torn.
    pub fn cut_power(&self, name: &str, seed: u64) {
        let mut disks = self.disks.lock();
        if let Some(disk) = disks.get_mut(name) {
            disk.fail_after(0);
            *disk = disk.crashed(seed);
        }
    }

    /// Lets a member's disk fail after so many more changes.
    pub fn fail_disk(&self, name: &str, changes: u64) {
        self.disk(name).fail_after(changes);
    }

    /// Whether things still go wrong, and clients go on.
    pub fn in_trouble(&self) -> bool {
        self.trouble.load(Ordering::Relaxed)
    }

    /// Notes that a member has said what it has at the end.
    pub fn note_finished(&self) {
        self.finished.fetch_add(1, Ordering::Relaxed);
    }

    fn are_done(&self, plan: Plan) -> bool {
        let changed = !plan.membership || self.history.lock().changes >= CHANGES;
        changed && self.finished.load(Ordering::Relaxed) >= plan.members
    }

    /// A number that no other life of a member has.
    pub fn new_life(&self) -> usize {
        self.lives.fetch_add(1, Ordering::Relaxed)
    }

    fn disk(&self, name: &str) -> Forgetful {
        let mut disks = self.disks.lock();
        disks.entry(name.to_owned()).or_default().clone()
    }
}

/// Runs a plan. Returns what was seen.
pub fn run(seed: u64, plan: Plan) -> History {
    simulation::simulate(seed);
    log();
    let mut builder = Builder::new();
    builder
        .rng_seed(seed)
        .simulation_duration(plan.trouble + CALM * 2)
        .tick_duration(TICK)
        .min_message_latency(Duration::from_millis(1))
        .max_message_latency(Duration::from_millis(5))
        .tcp_capacity(4_096)
        .enable_random_order();
    let mut sim = builder.build();
    let hosts = Hosts::new(seed, plan);
    let initial: Vec<InitialMember> = hosts
        .names
        .iter()
        .map(|name| (name.clone(), vec![network::url(name)]))
        .collect();
    for name in hosts.names.clone() {
        let (hosts, initial) = (hosts.clone(), initial.clone());
        // Turmoil calls this for every life of the host.
        sim.host(name.clone(), move || {
            member(hosts.clone(), name.clone(), initial.clone(), false)
        });
    }
    if plan.membership {
        let hosts = hosts.clone();
        sim.host(SPARE, move || spare(hosts.clone()));
    }
    let mut nemesis = Nemesis::new(plan.faults, seed);
    while sim.elapsed() < plan.trouble {
        nemesis.step(&mut sim, &hosts);
        step(&mut sim);
    }
    nemesis.end(&mut sim, &hosts);
    hosts.trouble.store(false, Ordering::Relaxed);
    while !hosts.are_done(plan) {
        step(&mut sim);
        assert!(
            sim.elapsed() < plan.trouble + CALM,
            "the cluster does not recover: only {} of {} members say what they have",
            hosts.finished.load(Ordering::Relaxed),
            plan.members
        );
    }
    println!("{:?} of simulated time", sim.elapsed());
    drop(sim);
    std::mem::take(&mut *hosts.history.lock())
}

fn step(sim: &mut Sim<'_>) {
    if let Err(error) = sim.step() {
        panic!("a host failed: {error}");
    }
    seeds::check_panics();
}

/// Lets the members say what they do, if the environment asks for it.
fn log() {
    if let Ok(filter) = std::env::var("SIMULATION_LOG") {
        let subscriber = tracing_subscriber::fmt()
            .with_env_filter(tracing_subscriber::EnvFilter::new(filter))
            .with_ansi(false)
            .with_writer(std::io::stderr);
        // Another seed may have done it.
        drop(subscriber.try_init());
    }
}

fn config(name: &str, initial: Vec<InitialMember>) -> Config {
    Config {
        name: name.to_owned(),
        initial_cluster: initial,
        advertise_client_urls: vec![format!("http://{name}:2379")],
        heartbeat_interval: Duration::from_millis(100),
        election_timeout: Duration::from_millis(500),
        request_timeout: Duration::from_secs(3),
        // Small, so that segments, snapshots and values that are only on disk happen in a short run.
        log_segment_bytes: 4_096,
        checkpoint_log_bytes: 16_384,
        write_behind_interval: Duration::from_millis(300),
        backend_cache_bytes: 1 << 20,
        value_cache_bytes: 2_048,
        watch_window_bytes: 2_048,
        lease_checkpoint_interval: Some(Duration::from_millis(700)),
        ..Config::new("/simulated")
    }
}

/// A member's life: it is opened, served, used and watched until the host ends.
async fn member(
    hosts: Hosts,
    name: String,
    initial: Vec<InitialMember>,
    joins: bool,
) -> turmoil::Result {
    let mut config = config(&name, initial.clone());
    if joins {
        config.initial_cluster_state = InitialClusterState::Existing;
    }
    let disk = hosts.disk(&name);
    let (store, service) = loop {
        match simulation::open(config.clone(), &disk, network::connector()).await {
            Ok(opened) => break opened,
            // Nobody may be there to ask who the members are.
            Err(error) if joins => {
                tracing::info!(%error, "cannot join yet");
                tokio::time::sleep(Duration::from_millis(300)).await;
            }
            Err(error) => return Err(format!("{name} cannot be opened: {error}").into()),
        }
    };
    tokio::spawn(network::serve(service));
    let life = workload::Life::new(&hosts, &name, &store);
    life.begin();
    if hosts.with_spare && name == "m0" {
        tokio::spawn(change_members(hosts.clone(), store.clone(), initial));
    }
    tokio::select! {
        () = stop_is_asked(&hosts, &name) => {
            store.shutdown().await;
            return Ok(());
        }
        () = life.finish(), if !joins => {}
        // A member that is added may be removed, and then has no end to tell of.
        () = std::future::pending(), if joins => {}
    }
    // The others may still need this one.
    std::future::pending::<()>().await;
    Ok(())
}

async fn stop_is_asked(hosts: &Hosts, name: &str) {
    loop {
        tokio::time::sleep(Duration::from_millis(20)).await;
        let mut stopping = hosts.stopping.lock();
        if let Some(at) = stopping.iter().position(|stopping| stopping == name) {
            stopping.remove(at);
            return;
        }
    }
}

/// The member that is added: it waits until it is.
async fn spare(hosts: Hosts) -> turmoil::Result {
    loop {
        let initial = hosts.spare.lock().clone();
        if let Some(initial) = initial {
            return member(hosts, SPARE.to_owned(), initial, true).await;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// Adds the spare member, lets it work for a while, and removes it; again if this member's life ends meanwhile.
async fn change_members(hosts: Hosts, store: Store, mut initial: Vec<InitialMember>) {
    let url = network::url(SPARE);
    let spare = loop {
        tokio::time::sleep(Duration::from_millis(300)).await;
        let Ok(listed) = store.members(true).await else {
            continue;
        };
        let found = listed.members.iter().find(|m| m.peer_urls.contains(&url));
        if let Some(found) = found {
            break found.id;
        }
        if hosts.spare.lock().is_some() {
            // It was added and removed in an earlier life of this member.
            hosts.history.lock().changes = CHANGES;
            return;
        }
        if let Ok(added) = store.member_add(vec![url.clone()], false).await {
            break added.member.id;
        }
    };
    initial.push((SPARE.to_owned(), vec![url]));
    hosts.spare.lock().get_or_insert(initial);
    tokio::time::sleep(Duration::from_millis(1_200)).await;
    while store.member_remove(spare).await.is_err() {
        tokio::time::sleep(Duration::from_millis(300)).await;
        let listed = store.members(true).await;
        if listed.is_ok_and(|listed| listed.members.iter().all(|member| member.id != spare)) {
            break;
        }
    }
    hosts.history.lock().changes = CHANGES;
}
