//! Getting a pod to run, and what shows when it does not.

use super::*;

#[test]
fn a_bare_pod_settles_once_when_it_is_ready() {
    let mut rig = Rig::new(one("Always"));
    assert!(!rig.machine.settled());
    rig.sandbox();
    assert!(!rig.machine.settled());
    rig.start(0);
    assert!(rig.machine.settled());
    let status = rig.status();
    assert_eq!(status.phase.as_deref(), Some("Running"));
    assert_eq!(status.pod_ip.as_deref(), Some("127.64.0.2"));
    assert_eq!(status.observed_generation, Some(1));
    let container = &status.container_statuses.unwrap()[0];
    assert!(container.ready && container.started == Some(true));
    assert_eq!(container.container_id.as_deref(), Some("fake://c1"));
    assert_eq!(container.image_id, "i@sha256:1");
    for kind in [
        "PodReadyToStartContainers",
        "Initialized",
        "Ready",
        "ContainersReady",
        "PodScheduled",
    ] {
        assert_eq!(rig.condition(kind).0, "True", "{kind}");
    }
    assert_eq!(rig.machine.wake(), None, "an idle pod waits for nothing");
}

#[test]
fn before_it_runs_the_status_says_so() {
    let mut rig = Rig::new(one("Always"));
    assert_eq!(rig.waiting(), ("ContainerCreating".into(), String::new()));
    assert_eq!(rig.status().phase.as_deref(), Some("Pending"));
    assert_eq!(
        rig.condition("Ready"),
        (
            "False".into(),
            Some("ContainersNotReady".into()),
            Some("containers with unready status: [c]".into())
        )
    );
    assert_eq!(rig.condition("PodReadyToStartContainers").0, "False");
}

#[test]
fn a_failed_sandbox_is_told_and_tried_again() {
    let mut rig = Rig::new(one("Always"));
    rig.step(Event::SandboxStarted(Err("no addresses".into())));
    assert_eq!(
        rig.events(),
        [(
            "FailedCreatePodSandBox".to_owned(),
            "Failed to create pod sandbox: no addresses".to_owned()
        )]
    );
    assert!(rig.machine.settled());
    assert_eq!(rig.sleep(), [Action::RunSandbox { attempt: 0 }]);
    assert_eq!(rig.now, 1);
}

#[test]
fn volumes_come_first_and_are_tried_until_they_are_there() {
    let spec = json!({"containers": [{"name": "c", "image": "i"}], "volumes": [{"name": "v", "configMap": {"name": "cm"}}]});
    let mut rig = Rig::new(spec);
    assert_eq!(rig.actions, [Action::MountVolumes]);
    rig.step(Event::Mounted(Err("MountVolume.SetUp failed".into())));
    assert_eq!(
        rig.events(),
        [(
            "FailedMount".to_owned(),
            "MountVolume.SetUp failed".to_owned()
        )]
    );
    assert_eq!(rig.step(Event::ReferenceChanged), [Action::MountVolumes]);
    assert_eq!(
        rig.step(Event::Mounted(Ok(()))),
        [Action::RunSandbox { attempt: 0 }]
    );
}

#[test]
fn a_pull_that_fails_backs_off_from_ten_seconds_to_five_minutes() {
    let mut rig = Rig::new(one("Always"));
    rig.sandbox();
    let mut pauses = Vec::new();
    for _ in 0..7 {
        let failed = rig.now;
        rig.step(Event::ImageReady {
            slot: 0,
            result: Err(Failure::new("ErrImagePull", "not there")),
        });
        assert_eq!(
            rig.events(),
            [("Failed".to_owned(), "Error: ErrImagePull".to_owned())]
        );
        assert_eq!(rig.waiting(), ("ErrImagePull".into(), "not there".into()));
        rig.sleep();
        assert_eq!(
            rig.waiting(),
            (
                "ImagePullBackOff".into(),
                "Back-off pulling image \"i:1\": ErrImagePull: not there".into()
            )
        );
        assert_eq!(
            rig.events()[0],
            (
                "BackOff".to_owned(),
                "Back-off pulling image \"i:1\"".to_owned()
            )
        );
        assert_eq!(rig.sleep(), [Action::EnsureImage { slot: 0 }]);
        assert_eq!(
            rig.waiting().0,
            "ImagePullBackOff",
            "shown until something better is known"
        );
        pauses.push(rig.now - failed);
    }
    assert_eq!(pauses, [10, 20, 40, 80, 160, 300, 300]);
    assert_eq!(rig.status().phase.as_deref(), Some("Pending"));
}

#[test]
fn a_container_that_cannot_be_made_says_why() {
    for reason in [
        "CreateContainerConfigError",
        "CreateContainerError",
        "RunContainerError",
    ] {
        let mut rig = Rig::new(one("Always"));
        rig.sandbox();
        rig.step(Event::ImageReady {
            slot: 0,
            result: Ok("sha256:1".into()),
        });
        rig.step(Event::ContainerStarted {
            slot: 0,
            result: Err(Failure::new(reason, "import wasi:nn/graph is not there")),
        });
        assert_eq!(
            rig.events(),
            [(
                "Failed".to_owned(),
                "Error: import wasi:nn/graph is not there".to_owned()
            )]
        );
        assert_eq!(
            rig.waiting(),
            (
                reason.to_owned(),
                "import wasi:nn/graph is not there".to_owned()
            )
        );
        assert!(rig.machine.settled());
        assert_eq!(rig.sleep(), [Action::EnsureImage { slot: 0 }]);
        assert_eq!(rig.now, 10);
        let actions = rig.step(Event::ImageReady {
            slot: 0,
            result: Ok("sha256:1".into()),
        });
        // Only a container that was made has used up its number.
        let expected = u32::from(reason == "RunContainerError");
        assert!(
            matches!(actions[0], Action::StartContainer { attempt, .. } if attempt == expected)
        );
    }
}

#[test]
fn what_waits_for_a_config_map_starts_when_it_comes() {
    let mut rig = Rig::new(one("Always"));
    rig.sandbox();
    rig.step(Event::ImageReady {
        slot: 0,
        result: Ok("sha256:1".into()),
    });
    rig.step(Event::ContainerStarted {
        slot: 0,
        result: Err(Failure::new(
            "CreateContainerConfigError",
            "configmap \"x\" not found",
        )),
    });
    assert_eq!(
        rig.step(Event::ReferenceChanged),
        [Action::EnsureImage { slot: 0 }]
    );
}

#[test]
fn crashes_back_off_and_ten_good_minutes_forgive() {
    let (mut rig, mut id) = running("Always");
    let mut pauses = Vec::new();
    for _ in 0..7 {
        let ended = rig.now;
        rig.exit(0, &id, 1);
        if !rig.actions.contains(&Action::EnsureImage { slot: 0 }) {
            let (reason, message) = rig.waiting();
            assert_eq!(reason, "CrashLoopBackOff");
            assert!(
                message.starts_with("back-off ")
                    && message.ends_with("restarting failed container=c pod=p_n(u)")
            );
            assert_eq!(
                rig.events(),
                [(
                    "BackOff".to_owned(),
                    "Back-off restarting failed container c in pod p_n(u)".to_owned()
                )]
            );
            let last = rig.container(0).last_state.unwrap().terminated.unwrap();
            assert_eq!((last.exit_code, last.reason.as_deref()), (1, Some("Error")));
            rig.sleep();
        }
        pauses.push(rig.now - ended);
        id = rig.start(0);
    }
    assert_eq!(pauses, [0, 10, 20, 40, 80, 160, 300]);
    let container = rig.container(0);
    assert_eq!(container.restart_count, 7);
    assert!(container.last_state.unwrap().terminated.is_some());
    assert_eq!(rig.status().phase.as_deref(), Some("Running"));
    rig.now += 601;
    rig.exit(0, &id, 1);
    assert!(
        rig.actions.contains(&Action::EnsureImage { slot: 0 }),
        "{:?}",
        rig.actions
    );
}

#[test]
fn only_the_newest_dead_container_is_kept() {
    let (mut rig, first) = running("Always");
    rig.exit(0, &first, 1);
    let second = rig.start(0);
    rig.exit(0, &second, 1);
    rig.sleep();
    rig.step(Event::ImageReady {
        slot: 0,
        result: Ok("sha256:1".into()),
    });
    let actions = rig.step(Event::ContainerStarted {
        slot: 0,
        result: Ok("c3".into()),
    });
    assert!(actions.contains(&Action::RemoveContainer {
        slot: 0,
        id: first,
        attempt: 0
    }));
}

#[test]
fn policies_decide_who_runs_again() {
    for (policy, code, phase) in [
        ("Never", 0, "Succeeded"),
        ("Never", 3, "Failed"),
        ("OnFailure", 0, "Succeeded"),
    ] {
        let (mut rig, id) = running(policy);
        let actions = rig.exit(0, &id, code);
        assert!(
            actions.contains(&Action::StopSandboxes {
                ids: vec!["s0".into()]
            }),
            "{policy} {code}: {actions:?}"
        );
        assert!(!rig.machine.settled());
        rig.step(Event::SandboxStopped(Ok(())));
        assert!(rig.machine.settled());
        assert_eq!(rig.status().phase.as_deref(), Some(phase));
        let ended = rig.container(0).state.unwrap().terminated.unwrap();
        assert_eq!(ended.exit_code, code);
        assert_eq!(
            ended.reason.as_deref(),
            Some(if code == 0 { "Completed" } else { "Error" })
        );
        assert!(!rig.machine.uses_resources());
    }
    let (mut rig, id) = running("OnFailure");
    rig.exit(0, &id, 1);
    assert!(rig.actions.contains(&Action::EnsureImage { slot: 0 }));
    assert_eq!(rig.status().phase.as_deref(), Some("Running"));
}

#[test]
fn the_runtimes_reason_is_shown() {
    let (mut rig, id) = running("Never");
    let mut seen = rig.seen(0, &id, 0, Doing::Exited, 137);
    seen.reason = "OOMKilled".into();
    seen.message = "memory limit of 16 MiB passed".into();
    rig.observe(vec![seen]);
    let ended = rig.container(0).state.unwrap().terminated.unwrap();
    assert_eq!(
        (ended.exit_code, ended.reason.as_deref()),
        (137, Some("OOMKilled"))
    );
    assert_eq!(
        ended.message.as_deref(),
        Some("memory limit of 16 MiB passed")
    );
}

#[test]
fn init_containers_run_one_after_the_other() {
    let spec = json!({
        "initContainers": [{"name": "a", "image": "i"}, {"name": "b", "image": "i"}],
        "containers": [{"name": "c", "image": "i"}]});
    let mut rig = Rig::new(spec);
    rig.sandbox();
    assert_eq!(rig.waiting().0, "PodInitializing");
    let a = rig.start(0);
    assert_eq!(
        rig.condition("Initialized").2.as_deref(),
        Some("containers with incomplete status: [a b]")
    );
    rig.exit(0, &a, 0);
    let b = rig.start(1);
    // A failed one is tried again, and nothing after it begins.
    rig.exit(1, &b, 1);
    let b = rig.start(1);
    rig.exit(1, &b, 0);
    rig.start(2);
    assert_eq!(rig.condition("Initialized").0, "True");
    let status = rig.status();
    assert_eq!(status.phase.as_deref(), Some("Running"));
    assert!(
        status
            .init_container_statuses
            .unwrap()
            .iter()
            .all(|status| status.ready)
    );
}

#[test]
fn an_init_container_that_may_not_fail_fails_the_pod() {
    let spec = json!({"restartPolicy": "Never",
        "initContainers": [{"name": "a", "image": "i"}], "containers": [{"name": "c", "image": "i"}]});
    let mut rig = Rig::new(spec);
    rig.sandbox();
    let a = rig.start(0);
    rig.exit(0, &a, 1);
    rig.step(Event::SandboxStopped(Ok(())));
    assert_eq!(rig.status().phase.as_deref(), Some("Failed"));
}

#[test]
fn sidecars_start_first_stay_beside_and_stop_last() {
    let spec = json!({
        "restartPolicy": "Never",
        "initContainers": [{"name": "side", "image": "i", "restartPolicy": "Always"}],
        "containers": [{"name": "c", "image": "i"}]});
    let mut rig = Rig::new(spec);
    rig.sandbox();
    let side = rig.start(0);
    let main = rig.start(1);
    let actions = rig.exit(1, &main, 0);
    assert!(
        matches!(&actions[..], [.., Action::Kill { slot: 0, .. }]),
        "{actions:?}"
    );
    let actions = rig.exit(0, &side, 137);
    assert!(actions.contains(&Action::StopSandboxes {
        ids: vec!["s0".into()]
    }));
    rig.step(Event::SandboxStopped(Ok(())));
    assert_eq!(rig.status().phase.as_deref(), Some("Succeeded"));
}

#[test]
fn probes_gate_readiness_and_kill_the_unwell() {
    let spec = json!({"containers": [{"name": "c", "image": "i",
        "startupProbe": {"tcpSocket": {"port": 1}},
        "readinessProbe": {"tcpSocket": {"port": 1}},
        "livenessProbe": {"tcpSocket": {"port": 1}, "terminationGracePeriodSeconds": 7}}]});
    let mut rig = Rig::new(spec);
    rig.sandbox();
    let id = rig.start(0);
    assert!(
        rig.actions
            .iter()
            .any(|action| matches!(action, Action::StartProbes { ip, .. } if ip == "127.64.0.2"))
    );
    let probed = |kind, success| Event::Probed {
        slot: 0,
        id: id.clone(),
        kind,
        success,
    };
    assert_eq!(rig.container(0).started, Some(false));
    rig.step(probed(ProbeKind::Startup, true));
    assert_eq!(rig.container(0).started, Some(true));
    assert!(!rig.container(0).ready);
    rig.step(probed(ProbeKind::Readiness, true));
    assert!(rig.container(0).ready && rig.machine.settled());
    rig.step(probed(ProbeKind::Readiness, false));
    assert_eq!(rig.condition("Ready").0, "False");
    let actions = rig.step(probed(ProbeKind::Liveness, false));
    assert_eq!(
        actions,
        [Action::Kill {
            slot: 0,
            id: id.clone(),
            grace_seconds: 7,
            pre_stop: true,
            message: Some("Container c failed liveness probe, will be restarted".into()),
        }]
    );
    let actions = rig.exit(0, &id, 137);
    assert!(actions.contains(&Action::EnsureImage { slot: 0 }));
    // A late word of the old container means nothing.
    rig.step(probed(ProbeKind::Readiness, true));
    assert!(!rig.container(0).ready);
}

#[test]
fn hooks_hold_back_what_follows() {
    let spec = json!({"containers": [
        {"name": "a", "image": "i", "lifecycle": {"postStart": {"sleep": {"seconds": 1}}}}, {"name": "b", "image": "i"}]});
    let mut rig = Rig::new(spec);
    rig.sandbox();
    rig.step(Event::ImageReady {
        slot: 0,
        result: Ok("sha256:1".into()),
    });
    let actions = rig.step(Event::ContainerStarted {
        slot: 0,
        result: Ok("c1".into()),
    });
    assert_eq!(
        actions,
        [Action::PostStart {
            slot: 0,
            id: "c1".into()
        }]
    );
    assert!(!rig.machine.settled());
    let actions = rig.step(Event::PostStarted {
        slot: 0,
        id: "c1".into(),
        result: Ok(()),
    });
    assert!(actions.contains(&Action::EnsureImage { slot: 1 }));
}

#[test]
fn the_runtimes_word_may_be_quicker_than_its_answer() {
    let mut rig = Rig::new(one("Always"));
    rig.sandbox();
    rig.step(Event::ImageReady {
        slot: 0,
        result: Ok("sha256:1".into()),
    });
    let seen = rig.seen(0, "c1", 0, Doing::Running, 0);
    rig.observe(vec![seen]);
    assert!(rig.machine.settled() && rig.container(0).ready);
    let actions = rig.step(Event::ContainerStarted {
        slot: 0,
        result: Ok("c1".into()),
    });
    assert!(actions.is_empty(), "{actions:?}");
    assert_eq!(rig.container(0).restart_count, 0);
}

#[test]
fn an_end_before_the_answer_counts_too() {
    let mut rig = Rig::new(one("Never"));
    rig.sandbox();
    rig.step(Event::ImageReady {
        slot: 0,
        result: Ok("sha256:1".into()),
    });
    let seen = rig.seen(0, "c1", 0, Doing::Exited, 4);
    let actions = rig.observe(vec![seen]);
    assert!(actions.contains(&Action::StopSandboxes {
        ids: vec!["s0".into()]
    }));
    rig.step(Event::ContainerStarted {
        slot: 0,
        result: Ok("c1".into()),
    });
    rig.step(Event::SandboxStopped(Ok(())));
    assert_eq!(
        rig.container(0)
            .state
            .unwrap()
            .terminated
            .unwrap()
            .exit_code,
        4
    );
}
