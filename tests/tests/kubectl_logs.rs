//! `kubectl logs` in its ways.

use anyhow::ensure;
use hydrofoil_tests::Cluster;
use hydrofoil_tests::kubectl::has;
use hydrofoil_tests::manifests::{deployment, pod, pod_with};
use hydrofoil_tests::wait::{PATIENCE, eventually};

#[test]
fn whole_tail_bytes_and_timestamps() -> anyhow::Result<()> {
    let cluster = Cluster::shared()?;
    let kubectl = cluster.kubectl("logs-plain")?;
    kubectl.apply(&pod(
        "lines",
        &cluster.image("probe"),
        &["lines", "1000", "err", "oops"],
    ))?;
    kubectl.eventually_field("pod/lines", ".status.phase", "Succeeded")?;
    let all = eventually(|| {
        let all = kubectl.run(&["logs", "lines"])?;
        ensure!(all.lines().count() == 1001, "{} lines", all.lines().count());
        Ok(all)
    })?;
    ensure!(
        all.starts_with("line 1\nline 2\n")
            && all.contains("line 1000\n")
            && all.contains("oops\n")
    );
    let tail = kubectl.run(&["logs", "lines", "--tail=2"])?;
    ensure!(tail.lines().count() == 2 && all.ends_with(&tail), "{tail}");
    ensure!(kubectl.run(&["logs", "lines", "--tail=0"])?.is_empty());
    ensure!(kubectl.run(&["logs", "lines", "--limit-bytes=6"])? == "line 1");
    let stamped = kubectl.run(&["logs", "lines", "--timestamps", "--tail=1"])?;
    let stamp = stamped.split(' ').next().unwrap_or_default();
    ensure!(
        stamp.len() == "2026-01-02T03:04:05.123456789Z".len() && stamp.ends_with('Z'),
        "{stamped}"
    );
    ensure!(kubectl.run(&["logs", "lines", "--since=1h"])? == all);
    ensure!(
        kubectl
            .run(&["logs", "lines", "--since-time=2100-01-01T00:00:00Z"])?
            .is_empty()
    );
    ensure!(
        kubectl
            .run(&["logs", "lines", "-c", "main", "--tail=1"])?
            .lines()
            .count()
            == 1
    );
    has(
        "logs of an unknown container",
        &kubectl.fails(&["logs", "lines", "-c", "other"])?,
        &["container other is not valid for pod lines"],
    )?;
    has(
        "logs of an unknown pod",
        &kubectl.fails(&["logs", "nobody"])?,
        &[
            "error: error from server (NotFound): pods \"nobody\" not found in namespace \"logs-plain\"",
        ],
    )
}

#[test]
fn since_leaves_out_what_is_older() -> anyhow::Result<()> {
    let cluster = Cluster::shared()?;
    let kubectl = cluster.kubectl("logs-since")?;
    kubectl.apply(&pod(
        "pause",
        &cluster.image("probe"),
        &["say", "early", "sleep", "4000", "say", "late"],
    ))?;
    eventually(|| {
        let recent = kubectl.run(&["logs", "pause", "--since=2s"])?;
        ensure!(recent == "late\n", "{recent:?}");
        Ok(())
    })?;
    ensure!(kubectl.run(&["logs", "pause"])? == "early\nlate\n");
    Ok(())
}

#[test]
fn following_ends_with_the_container() -> anyhow::Result<()> {
    let cluster = Cluster::shared()?;
    let kubectl = cluster.kubectl("logs-follow")?;
    kubectl.apply(&pod("ticks", &cluster.image("probe"), &["tick"]))?;
    kubectl.eventually_field("pod/ticks", ".status.phase", "Running")?;
    let mut follow = kubectl.stream(&["logs", "-f", "ticks", "--tail=1"])?;
    follow.line("tick", PATIENCE)?;
    let later = follow.line("tick", PATIENCE)?;
    let number: u64 = later.trim_start_matches("tick ").parse()?;
    follow.line(&format!("tick {}", number + 5), PATIENCE)?;
    kubectl.run(&["delete", "pod", "ticks", "--grace-period=1"])?;
    follow.end(PATIENCE)?;

    kubectl.apply(&pod(
        "short",
        &cluster.image("probe"),
        &["say", "a", "sleep", "1500", "say", "b"],
    ))?;
    kubectl.eventually_shows(&["logs", "short"], &["a"])?;
    let lines = kubectl.stream(&["logs", "-f", "short"])?.end(PATIENCE)?;
    ensure!(lines == ["a", "b"], "{lines:?}");
    Ok(())
}

#[test]
fn previous_is_the_container_before() -> anyhow::Result<()> {
    let cluster = Cluster::shared()?;
    let kubectl = cluster.kubectl("logs-previous")?;
    let image = cluster.image("probe");
    kubectl.apply(&pod("calm", &image, &["forever"]))?;
    kubectl.eventually_field("pod/calm", ".status.phase", "Running")?;
    has(
        "previous without one",
        &kubectl.fails(&["logs", "calm", "--previous"])?,
        &["previous terminated container \"main\" in pod \"calm\" not found"],
    )?;
    kubectl.apply(&pod_with(
        "again",
        &image,
        &["say", "hello", "exit", "1"],
        "restartPolicy: Always",
    ))?;
    eventually(|| {
        let restarts: u32 = kubectl
            .field("pod/again", ".status.containerStatuses[0].restartCount")?
            .parse()?;
        ensure!(restarts >= 1, "{restarts} restarts");
        Ok(())
    })?;
    ensure!(kubectl.run(&["logs", "again", "--previous"])? == "hello\n");
    kubectl.run(&["delete", "pods", "--all", "--now"])?;
    Ok(())
}

#[test]
fn by_selector_and_by_owner() -> anyhow::Result<()> {
    let cluster = Cluster::shared()?;
    let kubectl = cluster.kubectl("logs-selector")?;
    let manifest = deployment("ticker", &cluster.image("probe"), 2).replace(
        "        ports:",
        "        args: [\"say\", \"from a replica\", \"forever\"]\n        ports:",
    );
    kubectl.apply(&manifest)?;
    kubectl.run(&["rollout", "status", "deployment/ticker", "--timeout=60s"])?;
    eventually(|| {
        let both = kubectl.run(&["logs", "-l", "app=ticker"])?;
        ensure!(both == "from a replica\nfrom a replica\n", "{both:?}");
        Ok(())
    })?;
    let prefixed = kubectl.run(&["logs", "-l", "app=ticker", "--prefix"])?;
    has(
        "logs --prefix",
        &prefixed,
        &["[pod/ticker-", "/main] from a replica"],
    )?;
    kubectl.shows(&["logs", "deployment/ticker"], &["from a replica"])?;
    kubectl.shows(
        &["logs", "deployment/ticker", "--all-pods"],
        &["from a replica"],
    )?;
    kubectl.run(&["scale", "deployment/ticker", "--replicas=0"])?;
    Ok(())
}

#[test]
fn a_container_that_waits_has_no_logs_yet() -> anyhow::Result<()> {
    let cluster = Cluster::shared()?;
    let kubectl = cluster.kubectl("logs-waiting")?;
    kubectl.apply(&pod("stuck", &cluster.image("no-such-image"), &[]))?;
    eventually(|| {
        let error = kubectl.fails(&["logs", "stuck"])?;
        has(
            "logs",
            &error,
            &[
                "Error from server (BadRequest): container \"main\" in pod \"stuck\" is waiting to start:",
            ],
        )?;
        has("logs", &error, &["image"])
    })?;
    kubectl.run(&["delete", "pod", "stuck", "--now"])?;
    Ok(())
}
