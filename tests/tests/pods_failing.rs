//! Pods that cannot start or do not stay up: each shows as Kubernetes shows its like, and touches no neighbour.

use std::process::Command;

use anyhow::{Context as _, ensure};
use hydrofoil_tests::kubectl::has;
use hydrofoil_tests::manifests::{pod, pod_with};
use hydrofoil_tests::{Cluster, Kubectl, eventually, raw};

const ALWAYS: &str = "restartPolicy: Always";

fn restarts(kubectl: &Kubectl, pod: &str) -> anyhow::Result<u32> {
    let text = kubectl.field(
        &format!("pod/{pod}"),
        ".status.containerStatuses[0].restartCount",
    )?;
    text.parse().with_context(|| text)
}

#[test]
fn an_image_that_does_not_exist() -> anyhow::Result<()> {
    let cluster = Cluster::shared()?;
    let kubectl = cluster.kubectl("failing-image")?;
    let image = cluster.image("no-such-image");
    kubectl.apply(&pod("lost", &image, &[]))?;
    eventually(|| {
        let shown = kubectl.run(&["get", "pod", "lost"])?;
        ensure!(
            shown.contains("ErrImagePull") || shown.contains("ImagePullBackOff"),
            "{shown}"
        );
        Ok(())
    })?;
    kubectl.eventually_shows(
        &["describe", "pod", "lost"],
        &[
            "Status: Pending",
            "State: Waiting",
            "Reason: ImagePullBackOff",
            "Ready: False",
            "Normal Pulling",
            &format!("Pulling image \"{image}\""),
            "Warning Failed",
            &format!("Failed to pull image \"{image}\":"),
            "not found",
            "Error: ErrImagePull",
            &format!("Back-off pulling image \"{image}\""),
            "Error: ImagePullBackOff",
        ],
    )?;
    kubectl.run(&["delete", "pod", "lost", "--now"])?;
    Ok(())
}

#[test]
fn an_image_name_that_is_none() -> anyhow::Result<()> {
    let cluster = Cluster::shared()?;
    let kubectl = cluster.kubectl("failing-name")?;
    kubectl.apply(&pod("odd", "Not/An/Image:v1", &[]))?;
    kubectl.eventually_shows(
        &["describe", "pod", "odd"],
        &[
            "Reason: InvalidImageName",
            "Warning InspectFailed",
            "Failed to apply default image tag \"Not/An/Image:v1\"",
        ],
    )?;
    kubectl.run(&["delete", "pod", "odd", "--now"])?;
    Ok(())
}

/// Pushes an artifact as `oras` would: a blob, an empty config, and a manifest.
fn push_other_artifact(cluster: &Cluster, name: &str) -> anyhow::Result<()> {
    let base = format!("http://{}/v2/{name}", cluster.addresses().registry);
    let folder = tempfile::tempdir_in(cluster.scratch())?;
    let blob = |text: &str| -> anyhow::Result<String> {
        let file = folder.path().join("blob");
        std::fs::write(&file, text)?;
        let sum = Command::new("sha256sum").arg(&file).output()?;
        let hex = String::from_utf8(sum.stdout)?;
        let digest = format!("sha256:{}", hex.split(' ').next().unwrap_or_default());
        curl(&[
            "-X",
            "POST",
            "--data-binary",
            &format!("@{}", file.display()),
            &format!("{base}/blobs/uploads/?digest={digest}"),
        ])?;
        Ok(digest)
    };
    let chart = "apiVersion: v2";
    let (config, layer) = (blob("{}")?, blob(chart)?);
    let manifest = format!(
        r#"{{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","config":{{"mediaType":"application/vnd.cncf.helm.config.v1+json","digest":"{config}","size":2}},"layers":[{{"mediaType":"application/vnd.cncf.helm.chart.content.v1.tar+gzip","digest":"{layer}","size":{}}}]}}"#,
        chart.len()
    );
    let kind = "Content-Type: application/vnd.oci.image.manifest.v1+json";
    curl(&[
        "-X",
        "PUT",
        "-H",
        kind,
        "--data-binary",
        &manifest,
        &format!("{base}/manifests/v1"),
    ])
}

fn curl(arguments: &[&str]) -> anyhow::Result<()> {
    let output = Command::new("curl")
        .args(["-sS", "--fail", "--noproxy", "*"])
        .args(arguments)
        .output()?;
    ensure!(
        output.status.success(),
        "curl {arguments:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    Ok(())
}

#[test]
fn an_image_that_is_no_wasm() -> anyhow::Result<()> {
    let cluster = Cluster::shared()?;
    let kubectl = cluster.kubectl("failing-chart")?;
    push_other_artifact(cluster, "chart")?;
    kubectl.apply(&pod("chart", &cluster.image("chart"), &[]))?;
    kubectl.eventually_shows(
        &["describe", "pod", "chart"],
        &[
            "State: Waiting",
            "Failed to pull image",
            "application/vnd.cncf.helm.config.v1+json",
            "application/vnd.wasm.config.v0+json",
            "Error: ErrImagePull",
        ],
    )?;
    kubectl.run(&["delete", "pod", "chart", "--now"])?;
    Ok(())
}

#[test]
fn an_import_that_the_host_lacks() -> anyhow::Result<()> {
    let cluster = Cluster::shared()?;
    let kubectl = cluster.kubectl("failing-import")?;
    kubectl.apply(&pod("wants", &cluster.image("missing-import"), &[]))?;
    kubectl.eventually_shows(&["get", "pod", "wants"], &["0/1 CreateContainerError"])?;
    kubectl.eventually_shows(
        &["describe", "pod", "wants"],
        &[
            "State: Waiting",
            "Reason: CreateContainerError",
            "Warning Failed",
            "acme:warehouse/shelves@1.0.0",
        ],
    )?;
    kubectl.run(&["delete", "pod", "wants", "--now"])?;
    Ok(())
}

#[test]
fn a_trap() -> anyhow::Result<()> {
    let cluster = Cluster::shared()?;
    let kubectl = cluster.kubectl("failing-trap")?;
    kubectl.apply(&pod(
        "trap",
        &cluster.image("probe"),
        &["say", "before", "trap"],
    ))?;
    kubectl.eventually_field("pod/trap", ".status.phase", "Failed")?;
    kubectl.shows(&["get", "pod", "trap"], &["trap 0/1 Error 0"])?;
    kubectl.shows(
        &["describe", "pod", "trap"],
        &[
            "Status: Failed",
            "State: Terminated",
            "Reason: Error",
            "Exit Code:",
        ],
    )?;
    let code: i32 = kubectl
        .field(
            "pod/trap",
            ".status.containerStatuses[0].state.terminated.exitCode",
        )?
        .parse()?;
    ensure!(code != 0);
    kubectl.eventually_shows(
        &["logs", "trap"],
        &["before", "unreachable", "wasm backtrace", "probe::trap"],
    )?;
    Ok(())
}

#[test]
fn an_exit_code() -> anyhow::Result<()> {
    let cluster = Cluster::shared()?;
    let kubectl = cluster.kubectl("failing-exit")?;
    kubectl.apply(&pod(
        "seven",
        &cluster.image("probe-module"),
        &["exit", "7"],
    ))?;
    kubectl.apply(&pod("one", &cluster.image("probe"), &["exit", "1"]))?;
    for (name, code) in [("seven", "7"), ("one", "1")] {
        kubectl.eventually_field(&format!("pod/{name}"), ".status.phase", "Failed")?;
        kubectl.shows(
            &["describe", "pod", name],
            &["Reason: Error", &format!("Exit Code: {code}")],
        )?;
    }
    kubectl.shows(&["get", "pods"], &["seven 0/1 Error 0"])?;
    Ok(())
}

#[test]
fn a_memory_limit() -> anyhow::Result<()> {
    let cluster = Cluster::shared()?;
    let kubectl = cluster.kubectl("failing-memory")?;
    let limit = "    resources:\n      limits:\n        memory: 16Mi\n";
    for (name, image) in [("component", "probe"), ("module", "probe-module")] {
        kubectl.apply(&(pod(name, &cluster.image(image), &["eat", "64"]) + limit))?;
    }
    for name in ["component", "module"] {
        kubectl.eventually_field(&format!("pod/{name}"), ".status.phase", "Failed")?;
        kubectl.shows(&["get", "pod", name], &["0/1 OOMKilled 0"])?;
        kubectl.shows(
            &["describe", "pod", name],
            &["Reason: OOMKilled", "Exit Code: 137"],
        )?;
        let logs = kubectl.run(&["logs", name])?;
        ensure!(
            logs.contains("ate 4 MiB") && !logs.contains("ate 17 MiB"),
            "{logs}"
        );
    }
    kubectl.apply(&(pod("within", &cluster.image("probe"), &["eat", "8"]) + limit))?;
    kubectl.eventually_field("pod/within", ".status.phase", "Succeeded")?;
    Ok(())
}

#[test]
fn restarts_back_off() -> anyhow::Result<()> {
    let cluster = Cluster::shared()?;
    let kubectl = cluster.kubectl("failing-backoff")?;
    kubectl.apply(&pod_with(
        "again",
        &cluster.image("probe"),
        &["say", "hello", "exit", "1"],
        ALWAYS,
    ))?;
    kubectl.eventually_shows(&["get", "pod", "again"], &["0/1 CrashLoopBackOff"])?;
    eventually(|| {
        ensure!(restarts(&kubectl, "again")? >= 2, "no second restart yet");
        Ok(())
    })?;
    kubectl.eventually_shows(
        &["describe", "pod", "again"],
        &[
            "Status: Running",
            "Reason: CrashLoopBackOff",
            "Last State: Terminated",
            "Reason: Error",
            "Exit Code: 1",
            "Warning BackOff",
            "Back-off restarting failed container main in pod again_failing-backoff(",
        ],
    )?;
    // Back-off doubles from 10 s: two restarts within the first half minute, not more.
    ensure!(restarts(&kubectl, "again")? <= 3);
    kubectl.run(&["delete", "pod", "again", "--now"])?;
    Ok(())
}

#[test]
fn on_failure_restarts_until_it_succeeds_and_never_does_not() -> anyhow::Result<()> {
    let cluster = Cluster::shared()?;
    let kubectl = cluster.kubectl("failing-policy")?;
    let image = cluster.image("probe");
    kubectl.apply(&pod_with(
        "fine",
        &image,
        &["say", "ok"],
        "restartPolicy: OnFailure",
    ))?;
    kubectl.apply(&pod_with(
        "bad",
        &image,
        &["exit", "1"],
        "restartPolicy: OnFailure",
    ))?;
    kubectl.apply(&pod_with("always", &image, &["say", "ok"], ALWAYS))?;
    kubectl.eventually_field("pod/fine", ".status.phase", "Succeeded")?;
    for name in ["bad", "always"] {
        eventually(|| {
            ensure!(restarts(&kubectl, name)? >= 1, "{name} was not restarted");
            Ok(())
        })?;
    }
    ensure!(restarts(&kubectl, "fine")? == 0);
    kubectl.run(&["delete", "pods", "--all", "--now"])?;
    Ok(())
}

#[test]
fn a_job_gives_up_after_its_limit() -> anyhow::Result<()> {
    let cluster = Cluster::shared()?;
    let kubectl = cluster.kubectl("failing-job")?;
    let job = format!(
        "\
apiVersion: batch/v1
kind: Job
metadata:
  name: hopeless
spec:
  backoffLimit: 0
  template:
    spec:
      restartPolicy: Never
      containers:
      - name: main
        image: {}
        args: [\"exit\", \"1\"]
",
        cluster.image("probe")
    );
    kubectl.apply(&job)?;
    kubectl.run(&[
        "wait",
        "--for=condition=failed",
        "job/hopeless",
        "--timeout=60s",
    ])?;
    kubectl.eventually_shows(
        &["describe", "job", "hopeless"],
        &[
            "0 Active (0 Ready) / 0 Succeeded / 1 Failed",
            "Warning BackoffLimitExceeded",
            "Job has reached the specified backoff limit",
        ],
    )?;
    kubectl.shows(&["get", "job", "hopeless"], &["hopeless Failed 0/1"])?;
    Ok(())
}

#[test]
fn a_secret_that_is_missing() -> anyhow::Result<()> {
    let cluster = Cluster::shared()?;
    let kubectl = cluster.kubectl("failing-secret")?;
    let env = "    env:\n    - name: WORD\n      valueFrom:\n        secretKeyRef:\n          name: later\n          key: word\n";
    kubectl.apply(&(pod("needs", &cluster.image("probe"), &["env", "WORD"]) + env))?;
    kubectl.eventually_shows(
        &["describe", "pod", "needs"],
        &[
            "Reason: CreateContainerConfigError",
            "Error: secret \"later\" not found",
        ],
    )?;
    kubectl.run(&[
        "create",
        "secret",
        "generic",
        "later",
        "--from-literal=word=sesame",
    ])?;
    kubectl.eventually_field("pod/needs", ".status.phase", "Succeeded")?;
    kubectl.eventually_shows(&["logs", "needs"], &["WORD=sesame"])?;
    Ok(())
}

#[test]
fn probes_that_fail() -> anyhow::Result<()> {
    let cluster = Cluster::shared()?;
    let kubectl = cluster.kubectl("failing-probes")?;
    let image = cluster.image("echo-tcp");
    let probe = |kind: &str, port: u16| {
        format!(
            "    {kind}:\n      tcpSocket:\n        port: {port}\n      periodSeconds: 1\n      failureThreshold: 2\n"
        )
    };
    kubectl.apply(
        &(pod_with("good", &image, &[], ALWAYS)
            + &probe("readinessProbe", 7000)
            + &probe("livenessProbe", 7000)),
    )?;
    kubectl.apply(&(pod_with("unready", &image, &[], ALWAYS) + &probe("readinessProbe", 7001)))?;
    kubectl.apply(&(pod_with("dying", &image, &[], ALWAYS) + &probe("livenessProbe", 7001)))?;
    kubectl.run(&["wait", "--for=condition=Ready", "pod/good", "--timeout=60s"])?;
    kubectl.eventually_shows(
        &["describe", "pod", "unready"],
        &[
            "Ready False",
            "Warning Unhealthy",
            &format!("Readiness probe failed: dial tcp {}", cluster.pod_prefix()),
            ":7001: connect: connection refused",
        ],
    )?;
    eventually(|| {
        ensure!(restarts(&kubectl, "dying")? >= 1, "not restarted");
        Ok(())
    })?;
    kubectl.eventually_shows(
        &["describe", "pod", "dying"],
        &[
            "Liveness probe failed: dial tcp",
            "Normal Killing",
            "Container main failed liveness probe, will be restarted",
        ],
    )?;
    ensure!(restarts(&kubectl, "good")? == 0 && restarts(&kubectl, "unready")? == 0);
    kubectl.run(&["delete", "pods", "--all", "--now"])?;
    Ok(())
}

#[test]
fn neighbours_notice_nothing() -> anyhow::Result<()> {
    let cluster = Cluster::shared()?;
    let kubectl = cluster.kubectl("failing-neighbours")?;
    kubectl.apply(&pod_with("web", &cluster.image("hello-http"), &[], ALWAYS))?;
    kubectl.run(&["wait", "--for=condition=Ready", "pod/web", "--timeout=60s"])?;
    let url = format!(
        "http://{}:8080/",
        kubectl.field("pod/web", ".status.podIP")?
    );
    let image = cluster.image("probe");
    for (number, arguments) in [&["trap"][..], &["exit", "1"], &["eat", "64"], &["trap"]]
        .iter()
        .enumerate()
    {
        let limited = pod(&format!("bad-{number}"), &image, arguments)
            + "    resources:\n      limits:\n        memory: 8Mi\n";
        kubectl.apply(&limited)?;
    }
    for number in 0..4 {
        let name = format!("pod/bad-{number}");
        eventually(|| {
            let answer = raw::http(&url)?;
            ensure!(answer.status == 200, "the neighbour answered {answer:?}");
            let phase = kubectl.field(&name, ".status.phase")?;
            ensure!(phase == "Failed", "{name} is {phase}");
            Ok(())
        })?;
    }
    ensure!(restarts(&kubectl, "web")? == 0);
    has("the neighbour", &raw::http(&url)?.body, &["Hello from"])?;
    kubectl.run(&["delete", "pods", "--all", "--now"])?;
    Ok(())
}
