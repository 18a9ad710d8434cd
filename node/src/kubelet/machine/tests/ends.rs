//! Ends wanted and unwanted: deletion, deadlines, lost sandboxes, restarts of the kubelet.

use super::*;

#[test]
fn a_deleted_pod_stops_is_removed_and_then_its_object_goes() {
    let (mut rig, id) = running("Always");
    let actions = rig.step(Event::Updated(deletion(one("Always"), 30)));
    assert!(actions.contains(&Action::Kill {
        slot: 0,
        id: id.clone(),
        grace_seconds: 30,
        pre_stop: true,
        message: Some("Stopping container c".into()),
    }));
    rig.exit(0, &id, 0);
    assert!(rig.actions.contains(&Action::StopSandboxes {
        ids: vec!["s0".into()]
    }));
    let actions = rig.step(Event::SandboxStopped(Ok(())));
    assert_eq!(
        actions,
        [Action::CleanUp {
            sandboxes: vec!["s0".into()]
        }]
    );
    assert_eq!(rig.status().phase.as_deref(), Some("Succeeded"));
    assert_eq!(rig.step(Event::CleanedUp(Ok(()))), [Action::DeletePod]);
    assert_eq!(rig.step(Event::Removed), [Action::Forget]);
}

#[test]
fn a_shorter_grace_is_passed_on() {
    let (mut rig, id) = running("Always");
    rig.step(Event::Updated(deletion(one("Always"), 30)));
    let actions = rig.step(Event::Updated(deletion(one("Always"), 5)));
    assert_eq!(
        actions,
        [Action::Kill {
            slot: 0,
            id,
            grace_seconds: 5,
            pre_stop: false,
            message: None
        }]
    );
}

#[test]
fn an_object_that_vanished_takes_its_pod_along() {
    let (mut rig, id) = running("Always");
    rig.step(Event::Removed);
    rig.exit(0, &id, 137);
    rig.step(Event::SandboxStopped(Ok(())));
    assert_eq!(rig.step(Event::CleanedUp(Ok(()))), [Action::Forget]);
}

#[test]
fn deletion_while_the_sandbox_is_being_made_waits_for_it() {
    let mut rig = Rig::new(one("Always"));
    let actions = rig.step(Event::Updated(deletion(one("Always"), 30)));
    assert!(actions.is_empty(), "{actions:?}");
    let actions = rig.step(Event::SandboxStarted(Ok(sandbox(0))));
    assert_eq!(
        actions,
        [Action::StopSandboxes {
            ids: vec!["s0".into()]
        }]
    );
}

#[test]
fn deletion_while_the_container_is_being_started_kills_it() {
    let mut rig = Rig::new(one("Always"));
    rig.sandbox();
    rig.step(Event::ImageReady {
        slot: 0,
        result: Ok("sha256:1".into()),
    });
    assert!(
        rig.step(Event::Updated(deletion(one("Always"), 30)))
            .is_empty()
    );
    let actions = rig.step(Event::ContainerStarted {
        slot: 0,
        result: Ok("c1".into()),
    });
    assert!(matches!(&actions[..], [Action::Kill { .. }]), "{actions:?}");
}

#[test]
fn a_pod_over_its_deadline_fails() {
    let mut spec = one("Always");
    spec["activeDeadlineSeconds"] = json!(60);
    let mut rig = Rig::new(spec);
    rig.sandbox();
    let id = rig.start(0);
    let actions = rig.sleep();
    assert_eq!(rig.now, 60);
    assert!(
        actions
            .iter()
            .any(|action| matches!(action, Action::Kill { .. }))
    );
    rig.exit(0, &id, 143);
    rig.step(Event::SandboxStopped(Ok(())));
    let status = rig.status();
    assert_eq!(status.phase.as_deref(), Some("Failed"));
    assert_eq!(status.reason.as_deref(), Some("DeadlineExceeded"));
}

#[test]
fn a_refused_pod_has_failed_and_never_began() {
    let pod = pod_with(one("Always"), Value::Null);
    let mut rig = Rig {
        machine: PodMachine::new(pod, false, at(0)),
        now: 0,
        made: 0,
        actions: Vec::new(),
    };
    let actions = rig.step(Event::Rejected(Failure::new(
        "OutOfpods",
        "Node didn't have enough resource: pods",
    )));
    assert!(
        matches!(&actions[..], [Action::Record { .. }]),
        "{actions:?}"
    );
    let status = rig.status();
    assert_eq!(status.phase.as_deref(), Some("Failed"));
    assert_eq!(status.reason.as_deref(), Some("OutOfpods"));
    assert_eq!(
        status.message.as_deref(),
        Some("Pod was rejected: Node didn't have enough resource: pods")
    );
    assert!(status.container_statuses.is_none());
}

#[test]
fn a_lost_sandbox_is_made_again_with_its_containers() {
    let (mut rig, _) = running("Always");
    let lost = Observation {
        sandboxes: vec![SandboxSeen {
            ready: false,
            ..sandbox(0)
        }],
        taken_at: at(1),
        ..Observation::default()
    };
    rig.now = 5;
    let actions = rig.step(Event::Observed(lost));
    assert_eq!(rig.events()[0].0, "SandboxChanged");
    assert!(actions.contains(&Action::StopSandboxes {
        ids: vec!["s0".into()]
    }));
    assert_eq!(
        rig.step(Event::SandboxStopped(Ok(()))),
        [Action::RunSandbox { attempt: 1 }]
    );
    rig.sandbox();
    rig.start(0);
    let status = rig.status();
    assert_eq!(status.pod_ip.as_deref(), Some("127.64.0.3"));
    assert_eq!(status.container_statuses.unwrap()[0].restart_count, 1);
}

#[test]
fn a_restarted_kubelet_takes_over_what_runs() {
    let (rig, id) = running("Always");
    let seen = rig.seen(0, &id, 4, Doing::Running, 0);
    let dead = ContainerSeen {
        id: "old".into(),
        attempt: 3,
        doing: Doing::Exited,
        exit_code: 2,
        ..seen.clone()
    };
    let mut rig = Rig::of(pod_with(one("Always"), Value::Null), true);
    assert_eq!(rig.actions, [Action::Inspect]);
    let all = Observation {
        sandboxes: vec![sandbox(1)],
        containers: vec![dead, seen],
        taken_at: at(0),
        full: true,
    };
    let actions = rig.step(Event::Observed(all));
    assert!(actions.is_empty(), "nothing is made again: {actions:?}");
    let container = rig.container(0);
    assert_eq!((container.restart_count, container.ready), (4, true));
    assert_eq!(
        container.last_state.unwrap().terminated.unwrap().exit_code,
        2
    );
    assert!(rig.machine.settled());
}

#[test]
fn what_ran_without_a_witness_counts_as_killed() {
    let status = json!({"status": {"phase": "Running", "startTime": "2023-11-14T22:13:20Z", "containerStatuses": [{
        "name": "c", "image": "i:1", "imageID": "", "ready": true, "restartCount": 2, "containerID": "fake://gone",
        "state": {"running": {"startedAt": "2023-11-14T22:13:20Z"}}}]}});
    // A job's pod is over: its work may have been done half.
    let mut rig = Rig::of(pod_with(one("Never"), status.clone()), false);
    assert_eq!(rig.status().phase.as_deref(), Some("Failed"));
    let ended = rig.container(0).state.unwrap().terminated.unwrap();
    assert_eq!(
        (ended.exit_code, ended.reason.as_deref()),
        (137, Some("ContainerStatusUnknown"))
    );
    // A server is started again, and the restart counted.
    let mut rig = Rig::of(pod_with(one("Always"), status), false);
    rig.sandbox();
    rig.start(0);
    assert_eq!(rig.container(0).restart_count, 3);
}

#[test]
fn a_finished_pod_stays_finished() {
    let status = json!({"status": {"phase": "Succeeded", "containerStatuses": [{
        "name": "c", "image": "i:1", "imageID": "x", "ready": false, "restartCount": 0, "containerID": "fake://c1",
        "state": {"terminated": {"exitCode": 0, "reason": "Completed", "containerID": "fake://c1"}}}]}});
    let mut rig = Rig::of(pod_with(one("Never"), status), false);
    assert!(rig.actions.is_empty());
    assert_eq!(rig.status().phase.as_deref(), Some("Succeeded"));
    assert_eq!(
        rig.container(0)
            .state
            .unwrap()
            .terminated
            .unwrap()
            .reason
            .as_deref(),
        Some("Completed")
    );
}

#[test]
fn a_runtime_that_says_nothing_is_asked() {
    let mut rig = Rig::new(one("Always"));
    rig.sandbox();
    rig.step(Event::ImageReady {
        slot: 0,
        result: Ok("sha256:1".into()),
    });
    rig.step(Event::ContainerStarted {
        slot: 0,
        result: Ok("c1".into()),
    });
    assert_eq!(rig.sleep(), [Action::Inspect]);
    assert_eq!(rig.now, 2);
}

#[test]
fn a_container_missing_from_a_full_listing_is_gone() {
    let (mut rig, id) = running("Never");
    rig.now = 10;
    let all = Observation {
        sandboxes: vec![sandbox(0)],
        taken_at: at(5),
        full: true,
        ..Observation::default()
    };
    rig.step(Event::Observed(all.clone()));
    let ended = rig.container(0).state.unwrap().terminated.unwrap();
    assert_eq!(ended.reason.as_deref(), Some("ContainerStatusUnknown"));
    assert_eq!(ended.container_id, Some(format!("fake://{id}")));
    // A listing older than the container says nothing of it.
    let (mut rig, _) = running("Never");
    rig.step(Event::Observed(Observation {
        taken_at: at(-1),
        ..all
    }));
    assert!(rig.container(0).state.unwrap().running.is_some());
}

#[test]
fn an_image_changed_in_place_restarts_the_container() {
    let (mut rig, _) = running("Always");
    let mut spec = one("Always");
    spec["containers"][0]["image"] = json!("i:2");
    let actions = rig.step(Event::Updated(pod_with(spec, Value::Null)));
    assert!(
        matches!(&actions[..], [Action::Kill { message: Some(text), .. }] if text == "Container c definition changed, will be restarted"),
        "{actions:?}"
    );
}

#[test]
fn conditions_remember_when_they_changed() {
    let (mut rig, id) = running("Always");
    let since = |rig: &mut Rig| {
        let status = rig.status();
        let ready = status
            .conditions
            .unwrap()
            .into_iter()
            .find(|condition| condition.type_ == "Ready")
            .unwrap();
        ready.last_transition_time.unwrap().0
    };
    let first = since(&mut rig);
    rig.now = 50;
    assert_eq!(since(&mut rig), first);
    rig.exit(0, &id, 1);
    assert_eq!(since(&mut rig), at(50));
}

#[test]
fn readiness_gates_of_others_count() {
    let mut spec = one("Always");
    spec["readinessGates"] = json!([{"conditionType": "example.com/lb"}]);
    let mut rig = Rig::new(spec.clone());
    rig.sandbox();
    rig.start(0);
    assert_eq!(rig.condition("ContainersReady").0, "True");
    assert_eq!(
        rig.condition("Ready"),
        (
            "False".into(),
            Some("ReadinessGatesNotReady".into()),
            Some(
                "corresponding condition of pod readiness gate \"example.com/lb\" does not exist."
                    .into()
            )
        )
    );
    let met = json!({"status": {"conditions": [{"type": "example.com/lb", "status": "True"}]}});
    rig.step(Event::Updated(pod_with(spec, met)));
    assert_eq!(rig.condition("Ready").0, "True");
}
