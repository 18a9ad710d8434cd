//! The machine with plain values: no runtime, no clock, no API server. The rig plays all three.

mod ends;
mod starts;

use std::sync::Arc;

use jiff::Timestamp;
use k8s_openapi::api::core::v1::{ContainerStatus, Pod, PodStatus};
use serde_json::{Value, json};

use super::*;

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_700_000_000 + seconds).unwrap()
}

fn pod_with(spec: Value, extra: Value) -> Arc<Pod> {
    let mut pod = json!({
        "metadata": {"name": "p", "namespace": "n", "uid": "u", "generation": 1},
        "spec": spec
    });
    if let Value::Object(extra) = extra {
        for (key, value) in extra {
            match (&mut pod[&key], value) {
                (Value::Object(into), Value::Object(more)) => into.extend(more),
                (into, value) => *into = value,
            }
        }
    }
    Arc::new(serde_json::from_value(pod).unwrap())
}

fn one(policy: &str) -> Value {
    json!({"restartPolicy": policy, "containers": [{"name": "c", "image": "i:1"}]})
}

/// A machine with the runtime and the clock played by the test.
struct Rig {
    machine: PodMachine,
    now: i64,
    made: u32,
    actions: Vec<Action>,
}

fn facts() -> NodeFacts {
    NodeFacts {
        host_ips: vec!["127.0.0.1".into()],
        runtime_name: "fake".into(),
    }
}

impl Rig {
    fn new(spec: Value) -> Self {
        Self::of(pod_with(spec, Value::Null), false)
    }

    fn of(pod: Arc<Pod>, known: bool) -> Self {
        let mut rig = Self {
            machine: PodMachine::new(pod.clone(), known, at(0)),
            now: 0,
            made: 0,
            actions: Vec::new(),
        };
        rig.step(Event::Updated(pod));
        rig
    }

    /// One step. A status that the step changed must be one that [`PodMachine::shown`] tells apart.
    fn step(&mut self, event: Event) -> Vec<Action> {
        let before = (self.machine.shown(), self.composed());
        self.actions = self.machine.step(event, at(self.now));
        if self.machine.shown() == before.0 {
            assert_eq!(self.composed(), before.1, "a change that is not shown");
        }
        self.actions.clone()
    }

    /// The status, without the machine's taking note of it.
    fn composed(&self) -> PodStatus {
        self.machine.clone().status(&facts(), at(self.now))
    }

    /// Answers RunSandbox.
    fn sandbox(&mut self) -> Vec<Action> {
        let attempt = self
            .actions
            .iter()
            .find_map(|action| match action {
                Action::RunSandbox { attempt } => Some(*attempt),
                _ => None,
            })
            .expect("a sandbox is asked for");
        self.step(Event::SandboxStarted(Ok(sandbox(attempt))))
    }

    /// Answers EnsureImage and StartContainer of a slot, and lets the runtime tell that it runs.
    fn start(&mut self, slot: SlotIndex) -> String {
        assert!(
            self.actions.contains(&Action::EnsureImage { slot }),
            "no image asked for: {:?}",
            self.actions
        );
        let actions = self.step(Event::ImageReady {
            slot,
            result: Ok("sha256:1".into()),
        });
        let attempt = actions
            .iter()
            .find_map(|action| match action {
                Action::StartContainer { attempt, .. } => Some(*attempt),
                _ => None,
            })
            .expect("a container is started");
        self.made += 1;
        let id = format!("c{}", self.made);
        self.step(Event::ContainerStarted {
            slot,
            result: Ok(id.clone()),
        });
        let seen = self.seen(slot, &id, attempt, Doing::Running, 0);
        self.observe(vec![seen]);
        id
    }

    fn seen(
        &self,
        slot: SlotIndex,
        id: &str,
        attempt: u32,
        doing: Doing,
        exit_code: i32,
    ) -> ContainerSeen {
        let slot = &self.machine.slots()[slot];
        ContainerSeen {
            id: id.to_owned(),
            sandbox_id: "s0".into(),
            name: slot.name.clone(),
            attempt,
            doing,
            created_at: at(self.now),
            started_at: Some(at(self.now)),
            finished_at: (doing == Doing::Exited).then(|| at(self.now)),
            exit_code,
            reason: String::new(),
            message: String::new(),
            image: "i:1".into(),
            image_id: "i@sha256:1".into(),
            hash: String::new(),
        }
    }

    fn observe(&mut self, containers: Vec<ContainerSeen>) -> Vec<Action> {
        let observation = Observation {
            containers,
            taken_at: at(self.now),
            ..Observation::default()
        };
        self.step(Event::Observed(observation))
    }

    fn exit(&mut self, slot: SlotIndex, id: &str, code: i32) -> Vec<Action> {
        let attempt = self.machine.slots()[slot].restart_count();
        let seen = self.seen(slot, id, attempt, Doing::Exited, code);
        self.observe(vec![seen])
    }

    /// Lets time pass to the machine's next deadline, and wakes it.
    fn sleep(&mut self) -> Vec<Action> {
        let wake = self
            .machine
            .wake()
            .expect("the machine waits for something");
        self.now = wake.as_second() - at(0).as_second();
        self.step(Event::Woke)
    }

    fn status(&mut self) -> PodStatus {
        self.machine.status(&facts(), at(self.now))
    }

    fn container(&mut self, index: usize) -> ContainerStatus {
        self.status().container_statuses.unwrap()[index].clone()
    }

    fn waiting(&mut self) -> (String, String) {
        let state = self.container(0).state.unwrap();
        let waiting = state.waiting.expect("it waits");
        (waiting.reason.unwrap(), waiting.message.unwrap_or_default())
    }

    fn condition(&mut self, kind: &str) -> (String, Option<String>, Option<String>) {
        let status = self.status();
        let found = status
            .conditions
            .unwrap()
            .into_iter()
            .find(|condition| condition.type_ == kind)
            .unwrap();
        (found.status, found.reason, found.message)
    }

    fn events(&self) -> Vec<(String, String)> {
        self.actions
            .iter()
            .filter_map(|action| match action {
                Action::Record {
                    reason, message, ..
                } => Some((reason.clone(), message.clone())),
                _ => None,
            })
            .collect()
    }
}

fn sandbox(attempt: u32) -> SandboxSeen {
    SandboxSeen {
        id: format!("s{attempt}"),
        attempt,
        ready: true,
        created_at: at(0),
        ips: vec![format!("127.64.0.{}", attempt + 2)],
    }
}

fn running(policy: &str) -> (Rig, String) {
    let mut rig = Rig::new(one(policy));
    rig.sandbox();
    let id = rig.start(0);
    (rig, id)
}

fn deletion(spec: Value, grace: i64) -> Arc<Pod> {
    pod_with(
        spec,
        json!({"metadata": {"deletionTimestamp": "2023-11-14T22:13:20Z", "deletionGracePeriodSeconds": grace}}),
    )
}
