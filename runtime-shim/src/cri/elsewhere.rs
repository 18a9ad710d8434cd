//! What happens to containerd's containers, for those who listen to ours: its own events, or, of one that has none (before 1.7), what
//! is seen by looking again and again.

use std::collections::BTreeMap;
use std::time::Duration;

use futures::stream::BoxStream;
use futures::{StreamExt as _, stream};
use hydrofoil_cri::v1::{
    ContainerEventResponse, ContainerEventType, ContainerFilter, ContainerState,
    ContainerStatusRequest, GetEventsRequest, ListContainersRequest, PodSandboxStatusRequest,
};
use tokio::time::{Interval, MissedTickBehavior};
use tonic::Status;

use crate::clock;
use crate::containerd::{Containerd, or_none};

/// How often one looks: as often as a kubelet without events does.
const LOOK_EVERY: Duration = Duration::from_secs(1);

type Event = Result<ContainerEventResponse, Status>;

/// The events of containerd's containers from now on.
pub fn events(containerd: Containerd) -> BoxStream<'static, Event> {
    let begun = async move {
        let mut client = containerd.runtime();
        let answer = containerd.ask(client.get_container_events(GetEventsRequest {}));
        match or_none(answer.await) {
            Ok(Some(told)) => told.boxed(),
            Ok(None) => looking(containerd),
            Err(status) => stream::once(async { Err(status) }).boxed(),
        }
    };
    stream::once(begun).flatten().boxed()
}

/// What was seen of a container.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Seen {
    sandbox_id: String,
    state: ContainerState,
}

type All = BTreeMap<String, Seen>;

/// Something that happened: to which container, of which sandbox.
type Change = (String, String, ContainerEventType);

/// Events by looking.
fn looking(containerd: Containerd) -> BoxStream<'static, Event> {
    let mut every = tokio::time::interval(LOOK_EVERY);
    every.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let looks = stream::unfold(
        (containerd, every, None),
        |(containerd, mut every, before)| async move {
            let (changes, now) = next_changes(&containerd, &mut every, before).await;
            let mut events = Vec::with_capacity(changes.len());
            for change in changes {
                events.push(Ok(event(&containerd, change).await));
            }
            Some((stream::iter(events), (containerd, every, Some(now))))
        },
    );
    looks.flatten().boxed()
}

/// Looks until something happened. While containerd cannot be asked nothing is seen, and nothing is taken for gone.
async fn next_changes(
    containerd: &Containerd,
    every: &mut Interval,
    mut before: Option<All>,
) -> (Vec<Change>, All) {
    loop {
        every.tick().await;
        let Ok(now) = look(containerd).await else {
            continue;
        };
        let changes = before
            .as_ref()
            .map_or_else(Vec::new, |before| changes(before, &now));
        if !changes.is_empty() {
            return (changes, now);
        }
        before = Some(now);
    }
}

async fn look(containerd: &Containerd) -> Result<All, Status> {
    let mut client = containerd.runtime();
    let request = ListContainersRequest { filter: None };
    let answer = containerd.ask(client.list_containers(request)).await?;
    let seen = answer.containers.into_iter().map(|container| {
        let state = container.state();
        let sandbox_id = container.pod_sandbox_id;
        (container.id, Seen { sandbox_id, state })
    });
    Ok(seen.collect())
}

/// How far a container is in its life, each step of which is an event.
fn steps(state: ContainerState) -> usize {
    match state {
        ContainerState::ContainerCreated | ContainerState::ContainerUnknown => 1,
        ContainerState::ContainerRunning => 2,
        ContainerState::ContainerExited => 3,
    }
}

/// What happened between two looks, in the order of each container's life.
fn changes(before: &All, now: &All) -> Vec<Change> {
    use ContainerEventType::{
        ContainerCreatedEvent, ContainerDeletedEvent, ContainerStartedEvent, ContainerStoppedEvent,
    };
    const LIFE: [ContainerEventType; 3] = [
        ContainerCreatedEvent,
        ContainerStartedEvent,
        ContainerStoppedEvent,
    ];
    let mut changes = Vec::new();
    let mut push = |id: &String, seen: &Seen, kind| {
        changes.push((id.clone(), seen.sandbox_id.clone(), kind));
    };
    for (id, seen) in now {
        let done = before.get(id).map_or(0, |before| steps(before.state));
        for kind in LIFE.iter().take(steps(seen.state)).skip(done) {
            push(id, seen, *kind);
        }
    }
    for (id, seen) in before.iter().filter(|(id, _)| !now.contains_key(*id)) {
        if seen.state == ContainerState::ContainerRunning {
            push(id, seen, ContainerStoppedEvent);
        }
        push(id, seen, ContainerDeletedEvent);
    }
    changes
}

/// An event with the statuses that go with it, as far as they can still be had.
async fn event(containerd: &Containerd, change: Change) -> ContainerEventResponse {
    let (container_id, sandbox_id, kind) = change;
    let mut client = containerd.runtime();
    let request = PodSandboxStatusRequest {
        pod_sandbox_id: sandbox_id.clone(),
        verbose: false,
    };
    let sandbox = containerd.ask(client.pod_sandbox_status(request)).await;
    let request = ListContainersRequest {
        filter: Some(ContainerFilter {
            pod_sandbox_id: sandbox_id,
            ..ContainerFilter::default()
        }),
    };
    let listed = containerd.ask(client.list_containers(request)).await;
    let mut statuses = Vec::new();
    for container in listed.unwrap_or_default().containers {
        let request = ContainerStatusRequest {
            container_id: container.id,
            verbose: false,
        };
        let status = containerd.ask(client.container_status(request)).await;
        statuses.extend(status.ok().and_then(|answer| answer.status));
    }
    ContainerEventResponse {
        container_id,
        container_event_type: kind.into(),
        created_at: clock::now_nanos(),
        pod_sandbox_status: sandbox.ok().and_then(|answer| answer.status),
        containers_statuses: statuses,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(states: &[(&str, ContainerState)]) -> All {
        let seen = states.iter().map(|(id, state)| {
            let sandbox_id = "pod".to_owned();
            let state = *state;
            ((*id).to_owned(), Seen { sandbox_id, state })
        });
        seen.collect()
    }

    #[test]
    fn every_step_between_two_looks_is_told_once_and_in_order() {
        use ContainerEventType::{
            ContainerCreatedEvent as Created, ContainerDeletedEvent as Deleted,
            ContainerStartedEvent as Started, ContainerStoppedEvent as Stopped,
        };
        use ContainerState::{
            ContainerCreated as New, ContainerExited as Over, ContainerRunning as Runs,
        };
        let told = |before: &[(&str, ContainerState)], now: &[(&str, ContainerState)]| {
            let changes = changes(&all(before), &all(now));
            changes
                .into_iter()
                .map(|(_, _, kind)| kind)
                .collect::<Vec<_>>()
        };
        assert_eq!(told(&[], &[("a", New)]), [Created]);
        assert_eq!(told(&[("a", New)], &[("a", Runs)]), [Started]);
        assert_eq!(told(&[("a", Runs)], &[("a", Runs)]), []);
        assert_eq!(told(&[], &[("a", Over)]), [Created, Started, Stopped]);
        assert_eq!(told(&[("a", Runs)], &[]), [Stopped, Deleted]);
        assert_eq!(told(&[("a", Over)], &[]), [Deleted]);
    }
}
