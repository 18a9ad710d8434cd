//! What goes wrong.

use std::time::Duration;

use rand::{Rng, rngs::SmallRng};
use rustix::process::Signal;

use super::{member::Member, network, workload};

/// A kind of fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// A process is killed by kill -9 and started again.
    Kill,
    /// A process stands still for a while, by SIGSTOP and SIGCONT.
    Stop,
    /// A member does not reach the others, or is not reached by them, or neither.
    Cut,
    /// A member's disk is full for a while; if the process ends by it, it is started again.
    FullDisk,
}

/// Lets it happen to one member, and ends it after a while.
///
/// # Errors
/// Of the system, while doing it.
pub async fn happen(
    fault: Fault,
    members: &mut [Member],
    rng: &mut SmallRng,
) -> anyhow::Result<()> {
    let victim = choose(members.len(), rng).await;
    let others: Vec<usize> = (0..members.len()).filter(|n| *n != victim).collect();
    let a_while = Duration::from_millis(rng.random_range(500..3_000));
    match fault {
        Fault::Kill => {
            members[victim].kill()?;
            tokio::time::sleep(a_while / 2).await;
            members[victim].start()?;
        }
        Fault::Stop => {
            members[victim].signal(Signal::STOP)?;
            tokio::time::sleep(a_while).await;
            members[victim].signal(Signal::CONT)?;
        }
        Fault::Cut => {
            let how = rng.random_range(0..3);
            let ways: Vec<(usize, usize)> = others
                .iter()
                .flat_map(|other| [(victim, *other), (*other, victim)])
                .filter(|(from, _)| how == 2 || (*from == victim) == (how == 0))
                .collect();
            for (from, to) in &ways {
                network::cut(*from, *to)?;
            }
            tokio::time::sleep(a_while).await;
            for (from, to) in &ways {
                network::mend(*from, *to)?;
            }
        }
        Fault::FullDisk => {
            members[victim].fill_disk()?;
            tokio::time::sleep(a_while).await;
            members[victim].empty_disk()?;
            // One that goes on without its disk is to be ended by its operator.
            members[victim].kill()?;
            members[victim].start()?;
        }
    }
    Ok(())
}

/// The leader more often than not.
async fn choose(members: usize, rng: &mut SmallRng) -> usize {
    if rng.random_bool(0.6) {
        for member in 0..members {
            if workload::leads(member).await {
                return member;
            }
        }
    }
    rng.random_range(0..members)
}
