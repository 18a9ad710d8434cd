//! A whole kubelet between a runtime and an API server, both in memory: what it asks of the one and tells the other.

#![allow(clippy::unwrap_used, reason = "a test's way to fail")]

mod fake;

use std::path::PathBuf;
use std::time::Duration;

use fake::api::FakeApi;
use fake::cri::FakeCri;
use http::Method;
use hydrofoil_node::kubelet::{self, Config, Threshold};
use serde_json::{Value, json};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

struct Rig {
    dir: tempfile::TempDir,
    api: FakeApi,
    cri: FakeCri,
    stop_runtime: CancellationToken,
    kubelet: Option<(CancellationToken, JoinHandle<Result<(), kubelet::Error>>)>,
}

impl Rig {
    async fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let stop_runtime = CancellationToken::new();
        let cri = FakeCri::serve(&dir.path().join("cri.sock"), stop_runtime.clone());
        let mut rig = Self {
            dir,
            api: FakeApi::default(),
            cri,
            stop_runtime,
            kubelet: None,
        };
        rig.start().await;
        rig
    }

    async fn start(&mut self) {
        let config = Config {
            node_name: "node".into(),
            runtime_endpoint: self.dir.path().join("cri.sock"),
            root_dir: self.root(),
            max_pods: 2000,
            disk_pressure: Threshold::Bytes(0),
            ..Config::default()
        };
        let shutdown = CancellationToken::new();
        let (tell, ready) = oneshot::channel();
        let task = tokio::spawn(kubelet::run(
            config,
            self.api.client(),
            shutdown.clone(),
            tell,
        ));
        self.kubelet = Some((shutdown, task));
        tokio::time::timeout(Duration::from_secs(30), ready)
            .await
            .unwrap()
            .unwrap();
    }

    async fn stop(&mut self) {
        let (shutdown, task) = self.kubelet.take().unwrap();
        shutdown.cancel();
        tokio::time::timeout(Duration::from_secs(10), task)
            .await
            .unwrap()
            .unwrap()
            .unwrap();
    }

    async fn end(mut self) {
        self.stop().await;
        self.stop_runtime.cancel();
    }

    fn root(&self) -> PathBuf {
        self.dir.path().join("kubelet")
    }

    fn run(&self, name: &str, spec: Value) {
        let mut spec = spec;
        spec["nodeName"] = json!("node");
        let pod = json!({
            "kind": "Pod", "apiVersion": "v1", "spec": spec, "status": {"phase": "Pending"},
            "metadata": {"name": name, "namespace": "default", "uid": format!("uid-{name}"), "generation": 1}
        });
        self.api.put(&path(name), pod);
    }

    fn ask_deletion(&self, name: &str) {
        let mut pod = self.api.get(&path(name)).unwrap();
        pod["metadata"]["deletionTimestamp"] = json!("2026-11-23T00:00:00Z");
        pod["metadata"]["deletionGracePeriodSeconds"] = json!(30);
        self.api.put(&path(name), pod);
    }

    async fn running(&self, name: &str) -> Value {
        self.api.wait_for(&path(name), is_ready).await.unwrap()
    }
}

fn path(name: &str) -> String {
    format!("/api/v1/namespaces/default/pods/{name}")
}

fn is_ready(pod: Option<&Value>) -> bool {
    pod.is_some_and(|pod| {
        let conditions = pod["status"]["conditions"].as_array();
        conditions
            .into_iter()
            .flatten()
            .any(|condition| condition["type"] == "Ready" && condition["status"] == "True")
    })
}

fn waits_for(reason: &'static str) -> impl Fn(Option<&Value>) -> bool {
    move |pod| {
        pod.is_some_and(|pod| {
            pod["status"]["containerStatuses"][0]["state"]["waiting"]["reason"] == reason
        })
    }
}

fn plain() -> Value {
    json!({"containers": [{"name": "c", "image": "example.com/app:1"}]})
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pod_lives_and_dies_with_one_write_each() {
    let rig = Rig::new().await;
    let node = rig.api.get("/api/v1/nodes/node").unwrap();
    assert_eq!(node["metadata"]["labels"]["kubernetes.io/hostname"], "node");
    let conditions = node["status"]["conditions"].as_array().unwrap();
    assert!(
        conditions
            .iter()
            .any(|condition| condition["type"] == "Ready" && condition["status"] == "True")
    );
    rig.run("p", plain());
    let pod = rig.running("p").await;
    assert_eq!(pod["status"]["phase"], "Running");
    assert_eq!(pod["status"]["podIP"], "127.64.0.2");
    assert_eq!(pod["status"]["hostIP"], "127.0.0.1");
    assert_eq!(
        pod["status"]["containerStatuses"][0]["imageID"],
        "fake@sha256:1"
    );
    let status = format!("{}/status", path("p"));
    assert_eq!(
        rig.api.writes(&Method::PATCH, &status),
        1,
        "one status write to Running"
    );
    assert_eq!(
        rig.cri.calls("ContainerStatus"),
        0,
        "events told everything"
    );
    let config = rig.cri.container_config("c").unwrap();
    assert_eq!(config.log_path, "c/0.log");
    assert_eq!(config.labels["io.kubernetes.pod.name"], "p");
    let root = rig.root();
    assert!(root.join("pods/uid-p/etc-hosts").exists());
    assert_eq!(config.mounts[0].container_path, "/etc/hosts");
    assert!(
        root.join("logs/default_p_uid-p/c").is_dir(),
        "a runtime makes files in it, and need not make it"
    );
    rig.ask_deletion("p");
    rig.api.wait_for(&path("p"), |pod| pod.is_none()).await;
    assert_eq!(
        rig.api.writes(&Method::PATCH, &status),
        2,
        "one more for the end"
    );
    assert_eq!(rig.cri.counts(), (0, 0));
    assert!(!root.join("pods/uid-p").exists() && !root.join("logs/default_p_uid-p").exists());
    rig.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_made_that_no_container_could_read() {
    let rig = Rig::new().await;
    let spec = json!({"containers": [{"name": "c", "image": "example.com/fileless:1"}]});
    rig.run("p", spec);
    rig.running("p").await;
    assert_eq!(rig.cri.container_config("c").unwrap().mounts, []);
    let root = rig.root();
    assert!(!root.join("pods/uid-p").exists());
    assert!(root.join("logs/default_p_uid-p/c").is_dir());
    rig.ask_deletion("p");
    rig.api.wait_for(&path("p"), |pod| pod.is_none()).await;
    rig.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_run_says_why() {
    let rig = Rig::new().await;
    rig.cri
        .state
        .lock()
        .broken
        .insert("example.com/none:1".into(), "no such image".into());
    rig.run(
        "pull",
        json!({"containers": [{"name": "c", "image": "example.com/none:1"}]}),
    );
    rig.run(
        "name",
        json!({"containers": [{"name": "c", "image": "Not/Valid"}]}),
    );
    rig.run(
        "never",
        // An image that no other pod pulls meanwhile.
        json!({"containers": [{"name": "c", "image": "absent:1", "imagePullPolicy": "Never"}]}),
    );
    rig.run(
        "import",
        json!({"containers": [{"name": "c", "image": "x:1", "args": ["no-such-import"]}]}),
    );
    let env =
        json!([{"name": "A", "valueFrom": {"configMapKeyRef": {"name": "absent", "key": "k"}}}]);
    rig.run(
        "config",
        json!({"containers": [{"name": "c", "image": "x:1", "env": env}]}),
    );
    let pod = rig
        .api
        .wait_for(&path("pull"), waits_for("ErrImagePull"))
        .await
        .unwrap();
    assert_eq!(
        pod["status"]["containerStatuses"][0]["state"]["waiting"]["message"],
        "rpc error: code = NotFound desc = no such image"
    );
    rig.api
        .wait_for(&path("pull"), waits_for("ImagePullBackOff"))
        .await;
    rig.api
        .wait_for(&path("name"), waits_for("InvalidImageName"))
        .await;
    rig.api
        .wait_for(&path("never"), waits_for("ErrImageNeverPull"))
        .await;
    let pod = rig
        .api
        .wait_for(&path("import"), waits_for("CreateContainerError"))
        .await
        .unwrap();
    assert_eq!(
        pod["status"]["containerStatuses"][0]["state"]["waiting"]["message"],
        "component imports example:nothing/here, which this host lacks"
    );
    let pod = rig
        .api
        .wait_for(&path("config"), waits_for("CreateContainerConfigError"))
        .await
        .unwrap();
    assert_eq!(
        pod["status"]["containerStatuses"][0]["state"]["waiting"]["message"],
        "configmap \"absent\" not found"
    );
    // It starts when the ConfigMap comes, without waiting for the next try.
    let map = json!({"kind": "ConfigMap", "apiVersion": "v1", "metadata": {"name": "absent", "namespace": "default"}, "data": {"k": "v"}});
    rig.api
        .put("/api/v1/namespaces/default/configmaps/absent", map);
    rig.running("config").await;
    rig.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn crashes_and_completions_are_told() {
    let rig = Rig::new().await;
    rig.run("job", json!({"restartPolicy": "Never", "containers": [{"name": "c", "image": "x:1", "args": ["exit:0"]}]}));
    rig.run("bad", json!({"restartPolicy": "Never", "containers": [{"name": "c", "image": "x:1", "args": ["exit:7"]}]}));
    rig.run(
        "loop",
        json!({"containers": [{"name": "c", "image": "x:1", "args": ["exit:1"]}]}),
    );
    let phase = |wanted: &'static str| {
        move |pod: Option<&Value>| pod.is_some_and(|pod| pod["status"]["phase"] == wanted)
    };
    let done = rig
        .api
        .wait_for(&path("job"), phase("Succeeded"))
        .await
        .unwrap();
    assert_eq!(
        done["status"]["containerStatuses"][0]["state"]["terminated"]["reason"],
        "Completed"
    );
    let failed = rig
        .api
        .wait_for(&path("bad"), phase("Failed"))
        .await
        .unwrap();
    assert_eq!(
        failed["status"]["containerStatuses"][0]["state"]["terminated"]["exitCode"],
        7
    );
    let looping = rig
        .api
        .wait_for(&path("loop"), waits_for("CrashLoopBackOff"))
        .await
        .unwrap();
    assert_eq!(looping["status"]["containerStatuses"][0]["restartCount"], 1);
    rig.run("p", plain());
    rig.running("p").await;
    rig.cri.exit("p", "c", 3);
    let again = |pod: Option<&Value>| {
        is_ready(pod)
            && pod.is_some_and(|pod| pod["status"]["containerStatuses"][0]["restartCount"] == 1)
    };
    let pod = rig.api.wait_for(&path("p"), again).await.unwrap();
    assert_eq!(
        pod["status"]["containerStatuses"][0]["lastState"]["terminated"]["exitCode"],
        3
    );
    rig.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn volumes_follow_their_config_map() {
    let rig = Rig::new().await;
    let map = |value: &str| json!({"kind": "ConfigMap", "apiVersion": "v1", "metadata": {"name": "cm", "namespace": "default"}, "data": {"k": value}});
    let at = "/api/v1/namespaces/default/configmaps/cm";
    rig.api.put(at, map("one"));
    rig.run(
        "p",
        json!({"volumes": [{"name": "v", "configMap": {"name": "cm"}}],
            "containers": [{"name": "c", "image": "x:1", "volumeMounts": [{"name": "v", "mountPath": "/etc/v"}],
                "env": [{"name": "K", "valueFrom": {"configMapKeyRef": {"name": "cm", "key": "k"}}}], "args": ["$(K)"]}]}),
    );
    rig.running("p").await;
    let config = rig.cri.container_config("c").unwrap();
    assert_eq!(config.args, ["one"]);
    let mount = config
        .mounts
        .iter()
        .find(|mount| mount.container_path == "/etc/v")
        .unwrap();
    assert!(mount.readonly);
    let file = PathBuf::from(&mount.host_path).join("k");
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "one");
    rig.api.put(at, map("two"));
    let updated = async {
        while std::fs::read_to_string(&file).unwrap_or_default() != "two" {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), updated)
        .await
        .unwrap();
    rig.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restarted_kubelet_keeps_what_runs_and_ends_what_is_unwanted() {
    let mut rig = Rig::new().await;
    rig.run("kept", plain());
    rig.run("gone", plain());
    rig.running("kept").await;
    rig.running("gone").await;
    rig.stop().await;
    let made = rig.cri.calls("CreateContainer");
    // Its object vanishes while no kubelet looks.
    let client = rig.api.client();
    let pods: kube::Api<k8s_openapi::api::core::v1::Pod> = kube::Api::namespaced(client, "default");
    pods.delete("gone", &kube::api::DeleteParams::default())
        .await
        .unwrap();
    rig.start().await;
    let swept = async {
        while rig.cri.counts() != (1, 1) {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), swept)
        .await
        .unwrap();
    assert!(is_ready(rig.api.get(&path("kept")).as_ref()));
    assert_eq!(
        rig.cri.calls("CreateContainer"),
        made,
        "nothing was started again"
    );
    // It is in the new kubelet's hands.
    rig.cri.exit("kept", "c", 1);
    let again = |pod: Option<&Value>| {
        is_ready(pod)
            && pod.is_some_and(|pod| pod["status"]["containerStatuses"][0]["restartCount"] == 1)
    };
    rig.api.wait_for(&path("kept"), again).await;
    rig.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_crowd_starts_with_one_write_and_few_questions_each() {
    const CROWD: usize = 300;
    let rig = Rig::new().await;
    for index in 0..CROWD {
        rig.run(&format!("p{index}"), plain());
    }
    for index in 0..CROWD {
        rig.running(&format!("p{index}")).await;
    }
    let writes: usize = (0..CROWD)
        .map(|index| {
            rig.api.writes(
                &Method::PATCH,
                &format!("{}/status", path(&format!("p{index}"))),
            )
        })
        .sum();
    // One each; a machine under load may let a few wait so long that they are told as Pending first.
    assert!(
        (CROWD..=CROWD + CROWD / 10).contains(&writes),
        "{writes} writes"
    );
    assert_eq!(rig.cri.calls("RunPodSandbox"), CROWD as u64);
    assert!(rig.cri.calls("PullImage") < 10, "one pull serves many");
    assert!(
        rig.cri.calls("ImageStatus") < CROWD as u64 / 2,
        "so does one look"
    );
    rig.end().await;
}
