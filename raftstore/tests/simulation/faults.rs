//! What goes wrong, and when: drawn from the seed.

use std::time::Duration;

use rand::{Rng, SeedableRng, rngs::SmallRng};
use turmoil::Sim;

use super::cluster::Hosts;

/// What may go wrong in a run.
#[derive(Clone, Copy, Debug, Default)]
pub struct Faults {
    /// Members are cut from each other, in both directions or in one.
    pub partitions: bool,
    /// Messages take long, overtake those of other connections, and get lost.
    pub bad_network: bool,
    /// Members lose power in the middle of what they do, and with it what was not flushed; or are stopped.
    pub crashes: bool,
}

impl Faults {
    /// All of it.
    pub const ALL: Faults = Faults {
        partitions: true,
        bad_network: true,
        crashes: true,
    };
}

/// Time between two faults, at most.
const PAUSE: Duration = Duration::from_millis(900);

/// Does what goes wrong, step by step.
pub struct Nemesis {
    faults: Faults,
    rng: SmallRng,
    next: Duration,
    /// The member that loses power: it has failed in the middle of something, and is taken down next.
    failing: Option<(String, Duration)>,
    down: Option<String>,
}

impl Nemesis {
    /// That follows from `seed`.
    pub fn new(faults: Faults, seed: u64) -> Self {
        Nemesis {
            faults,
            rng: SmallRng::seed_from_u64(seed ^ 0x006e_656d_6573_6973),
            next: Duration::from_millis(700),
            failing: None,
            down: None,
        }
    }

    /// Lets the next thing go wrong if its time has come.
    pub fn step(&mut self, sim: &mut Sim<'_>, hosts: &Hosts) {
        if self
            .failing
            .as_ref()
            .is_some_and(|(_, at)| *at <= sim.elapsed())
        {
            self.take_down(sim, hosts);
        }
        if sim.elapsed() < self.next || self.failing.is_some() {
            return;
        }
        let pause = self.rng.random_range(100..PAUSE.as_millis() as u64);
        self.next = sim.elapsed() + Duration::from_millis(pause);
        match self.rng.random_range(0..8) {
            0 | 1 if self.faults.partitions => self.cut(sim, hosts),
            2 if self.faults.bad_network => {
                let slowest = self.rng.random_range(2..200);
                sim.set_max_message_latency(Duration::from_millis(slowest));
            }
            3 if self.faults.bad_network => {
                let loss = [0.0, 0.001, 0.01][self.rng.random_range(0..3)];
                sim.set_fail_rate(loss);
            }
            4..7 if self.faults.crashes => match self.down.take() {
                Some(name) => sim.bounce(name.as_str()),
                None => self.crash(sim, hosts),
            },
            _ => mend(sim, hosts),
        }
    }

    /// A member, and more often than not the one that led last.
    fn victim(&mut self, hosts: &Hosts) -> String {
        if self.rng.random_bool(0.4) {
            let history = hosts.history.lock();
            let leader = history.leaders.values().next_back();
            let leader = leader.and_then(|leaders| leaders.first());
            if let Some(leader) = leader.filter(|leader| hosts.names.contains(leader)) {
                return leader.clone();
            }
        }
        hosts.names[self.rng.random_range(0..hosts.names.len())].clone()
    }

    /// Cuts one member from the others, in one direction or in both, or the members into two halves.
    fn cut(&mut self, sim: &Sim<'_>, hosts: &Hosts) {
        let mut alone = vec![self.victim(hosts)];
        let how = self.rng.random_range(0..4);
        if how == 3 && hosts.names.len() > 3 {
            alone.push(self.victim(hosts));
        }
        for one in &alone {
            for other in hosts.names.iter().filter(|name| !alone.contains(name)) {
                match how {
                    0 => sim.partition_oneway(one.as_str(), other.as_str()),
                    1 => sim.partition_oneway(other.as_str(), one.as_str()),
                    _ => sim.partition(one.as_str(), other.as_str()),
                }
            }
        }
    }

    /// Lets a member's disk fail after a few more changes, which is most often in the middle of a write, and the member go
    /// down a moment later; or lets it be stopped.
    fn crash(&mut self, sim: &Sim<'_>, hosts: &Hosts) {
        let name = self.victim(hosts);
        let moment = if self.rng.random_bool(0.2) {
            hosts.stopping.lock().push(name.clone());
            self.rng.random_range(100..1_000)
        } else {
            hosts.fail_disk(&name, self.rng.random_range(0..12));
            self.rng.random_range(1..100)
        };
        self.failing = Some((name, sim.elapsed() + Duration::from_millis(moment)));
    }

    fn take_down(&mut self, sim: &mut Sim<'_>, hosts: &Hosts) {
        if let Some((name, _)) = self.failing.take() {
            hosts.stopping.lock().retain(|stopping| *stopping != name);
            hosts.cut_power(&name, self.rng.random());
            sim.crash(name.as_str());
            self.down = Some(name);
        }
    }

    /// Ends everything that goes wrong.
    pub fn end(&mut self, sim: &mut Sim<'_>, hosts: &Hosts) {
        self.take_down(sim, hosts);
        mend(sim, hosts);
        sim.set_fail_rate(0.0);
        sim.set_max_message_latency(Duration::from_millis(5));
        if let Some(name) = self.down.take() {
            sim.bounce(name.as_str());
        }
    }
}

fn mend(sim: &Sim<'_>, hosts: &Hosts) {
    for (n, a) in hosts.names.iter().enumerate() {
        for b in &hosts.names[n + 1..] {
            sim.repair(a.as_str(), b.as_str());
        }
    }
}
