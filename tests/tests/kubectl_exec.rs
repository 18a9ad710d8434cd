//! `kubectl exec`, `attach`, `port-forward` and exec probes, over the websockets that it speaks now and the SPDY that it spoke before.

use std::io::{Read as _, Write as _};
use std::process::{Command, Stdio};

use anyhow::{Context as _, ensure};
use hydrofoil_tests::kubectl::has;
use hydrofoil_tests::manifests::{deployment, pod, pod_with};
use hydrofoil_tests::wait::{PATIENCE, eventually};
use hydrofoil_tests::{Cluster, Kubectl};

/// The variables that make kubectl speak SPDY.
const SPDY: [&str; 2] = [
    "KUBECTL_REMOTE_COMMAND_WEBSOCKETS",
    "KUBECTL_PORT_FORWARD_WEBSOCKETS",
];

#[test]
fn a_command_is_run_in_a_pod() -> anyhow::Result<()> {
    let cluster = Cluster::shared()?;
    let kubectl = cluster.kubectl("exec")?;
    kubectl.apply(&pod("waits", &cluster.image("probe-module"), &[]))?;
    kubectl.eventually_field("pod/waits", ".status.phase", "Running")?;
    for spdy in [false, true] {
        let run = |words: &[&str]| {
            let words = [&["exec", "waits", "--"], words].concat();
            match spdy {
                true => kubectl.with_env(SPDY[0], "false", &words),
                false => kubectl.try_run(&words),
            }
        };
        let own = run(&["probe-module", "say", "hello", "err", "oops", "exit", "7"])?;
        ensure!(own.stdout == "hello\n" && own.code == 7, "{own:?}");
        has(
            "stderr",
            &own.stderr,
            &["oops\n", "command terminated with exit code 7"],
        )?;
        let tool = run(&["sh", "-c", "hostname && env | grep KUBERNETES_SERVICE_HOST"])?;
        ensure!(tool.ok(), "{tool:?}");
        has(
            "tools",
            &tool.stdout,
            &["waits\n", "KUBERNETES_SERVICE_HOST="],
        )?;
        let nobody = run(&["bash"])?;
        ensure!(nobody.code == 1, "{nobody:?}");
        has(
            "nobody",
            &nobody.stderr,
            &[
                "error: Internal error occurred: error executing command in container: exec: \"bash\": executable file not found in $PATH",
            ],
        )?;
    }
    let counted = kubectl.pipe(&["exec", "-i", "waits", "--", "wc", "-c"], "hello\n")?;
    ensure!(counted.trim() == "6", "{counted}");
    let large = "x".repeat(4 << 20);
    let echoed = kubectl.pipe(&["exec", "-i", "waits", "-c", "main", "--", "cat"], &large)?;
    ensure!(echoed == large, "{} bytes came back", echoed.len());
    has(
        "an unknown container",
        &kubectl.fails(&["exec", "waits", "-c", "other", "--", "ls"])?,
        &["container other is not valid for pod waits"],
    )?;
    has(
        "an unknown pod",
        &kubectl.fails(&["exec", "nobody", "--", "ls"])?,
        &["pods \"nobody\" not found"],
    )?;
    kubectl.apply(&pod("ends", &cluster.image("probe"), &["say", "bye"]))?;
    kubectl.eventually_field("pod/ends", ".status.phase", "Succeeded")?;
    // kubectl itself refuses a pod that has ended.
    has(
        "a pod that has ended",
        &kubectl.fails(&["exec", "ends", "--", "ls"])?,
        &["cannot exec into a container in a completed pod; current phase is Succeeded"],
    )
}

/// kubectl on a terminal, which `script` makes, to its end: what the screen shows.
fn on_a_terminal(kubectl: &Kubectl, words: &str, keys: &str) -> anyhow::Result<String> {
    let line = format!(
        "{} --kubeconfig {} --namespace {} {words}",
        hydrofoil_tests::tools::tool("kubectl")?.display(),
        kubectl.kubeconfig().display(),
        kubectl.namespace()
    );
    let mut process = Command::new("timeout")
        .args(["120", "script", "-qefc", &line, "/dev/null"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()?;
    let mut stdin = process.stdin.take().context("stdin")?;
    let mut stdout = process.stdout.take().context("stdout")?;
    // Keys that are typed before the terminal is the remote one's are the local one's.
    let mut screen = Vec::new();
    while !screen.ends_with(b"/ # ") {
        let mut byte = [0];
        ensure!(
            stdout.read(&mut byte)? == 1,
            "{}",
            String::from_utf8_lossy(&screen)
        );
        screen.push(byte[0]);
    }
    stdin.write_all(keys.as_bytes())?;
    stdin.flush()?;
    stdout.read_to_end(&mut screen)?;
    let code = process.wait()?;
    let screen = String::from_utf8_lossy(&screen).into_owned();
    ensure!(code.success(), "{code}: {screen}");
    Ok(screen)
}

#[test]
fn a_shell_on_a_terminal() -> anyhow::Result<()> {
    let cluster = Cluster::shared()?;
    let kubectl = cluster.kubectl("exec-tty")?;
    kubectl.apply(&pod("waits", &cluster.image("probe"), &[]))?;
    kubectl.eventually_field("pod/waits", ".status.phase", "Running")?;
    let screen = on_a_terminal(
        &kubectl,
        "exec -it waits -- sh",
        "hostnamx\u{7f}e\recho $TERM\rexit\r",
    )?;
    has("the screen", &screen, &["waits\r\n/ # ", "xterm\r\n"])?;
    // An interrupted shell ends with 130.
    let interrupted = on_a_terminal(&kubectl, "exec -it waits -- sh", "echo a\u{3}");
    let told = interrupted.unwrap_or_else(|error| error.to_string());
    has("interrupted", &told, &["^C", "exit code 130"])
}

#[test]
fn who_attaches_hears_the_pod() -> anyhow::Result<()> {
    let cluster = Cluster::shared()?;
    let kubectl = cluster.kubectl("attach")?;
    kubectl.apply(&pod("ticks", &cluster.image("probe"), &["tick"]))?;
    kubectl.eventually_field("pod/ticks", ".status.phase", "Running")?;
    let mut attached = kubectl.stream(&["attach", "ticks"])?;
    attached.line("tick ", PATIENCE)?;
    attached.line("tick ", PATIENCE)?;
    Ok(())
}

#[test]
fn a_pods_ports_are_forwarded() -> anyhow::Result<()> {
    let cluster = Cluster::shared()?;
    let kubectl = cluster.kubectl("forward")?;
    kubectl.apply(&deployment("hello", &cluster.image("hello-http"), 1))?;
    kubectl.run(&["rollout", "status", "deployment/hello"])?;
    for words in [
        &["port-forward", "deployment/hello", ":8080"][..],
        &["port-forward", "deployment/hello", ":9"],
    ] {
        let mut forwarding = kubectl.stream(words)?;
        let line = forwarding.line("Forwarding from 127.0.0.1:", PATIENCE)?;
        let port = line
            .split_once("127.0.0.1:")
            .and_then(|(_, rest)| rest.split_once(" -> "))
            .map(|(port, _)| port.to_owned())
            .context(line)?;
        let url = format!("http://127.0.0.1:{port}/");
        let ask = || Command::new("curl").args(["-sS", &url]).output();
        if words[2] == ":9" {
            ensure!(!ask()?.status.success());
            forwarding.line("connection refused", PATIENCE)?;
            continue;
        }
        for _ in 0..3 {
            let answer = ask()?;
            ensure!(answer.status.success(), "{answer:?}");
            has("the pod", &String::from_utf8(answer.stdout)?, &["Hello"])?;
        }
    }
    Ok(())
}

#[test]
fn probes_and_hooks_run_commands() -> anyhow::Result<()> {
    let cluster = Cluster::shared()?;
    let kubectl = cluster.kubectl("exec-probes")?;
    let manifest = pod_with(
        "probed",
        &cluster.image("probe"),
        &[],
        "volumes:\n- name: data\n  emptyDir: {}",
    );
    let probed = "    volumeMounts:
    - name: data
      mountPath: /data
    readinessProbe:
      exec:
        command: [test, -e, /data/ready]
      periodSeconds: 1
    lifecycle:
      postStart:
        exec:
          command: [sh, -c, 'echo started > /data/hook']
";
    kubectl.apply(&format!("{manifest}{probed}"))?;
    kubectl.eventually_field("pod/probed", ".status.phase", "Running")?;
    let ready = ".status.conditions[?(@.type==\"Ready\")].status";
    kubectl.eventually_field("pod/probed", ready, "False")?;
    let hook = eventually(|| kubectl.run(&["exec", "probed", "--", "cat", "/data/hook"]))?;
    ensure!(hook == "started\n", "{hook}");
    kubectl.run(&["exec", "probed", "--", "touch", "/data/ready"])?;
    kubectl.eventually_field("pod/probed", ready, "True")?;
    kubectl.run(&["exec", "probed", "--", "rm", "/data/ready"])?;
    kubectl.eventually_field("pod/probed", ready, "False")
}

#[test]
fn files_are_copied_into_a_pod_and_out_of_it() -> anyhow::Result<()> {
    let cluster = Cluster::shared()?;
    let kubectl = cluster.kubectl("exec-cp")?;
    let manifest = pod_with(
        "keeps",
        &cluster.image("probe"),
        &[],
        "volumes:\n- name: data\n  emptyDir: {}",
    );
    let mounts = "    volumeMounts:
    - name: data
      mountPath: /data
";
    kubectl.apply(&format!("{manifest}{mounts}"))?;
    kubectl.eventually_field("pod/keeps", ".status.phase", "Running")?;
    let large = "some text\n".repeat(200_000);
    let there = kubectl.file("there.txt", &large)?;
    kubectl.run(&["cp", &there, "keeps:/data/file.txt"])?;
    let counted = kubectl.run(&["exec", "keeps", "--", "wc", "-l", "/data/file.txt"])?;
    ensure!(counted == "200000 /data/file.txt\n", "{counted}");
    let back = kubectl.file("back.txt", "")?;
    kubectl.run(&["cp", "keeps:/data/file.txt", &back])?;
    ensure!(std::fs::read_to_string(&back)? == large);
    let none = kubectl.try_run(&["cp", "keeps:/data/none", &back])?;
    ensure!(!none.ok(), "{none:?}");
    // kubectl prints there what is said in the pod.
    has(
        "a file that is not there",
        &none.stdout,
        &["tar: /data/none: No such file or directory"],
    )
}
