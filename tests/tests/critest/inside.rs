//! Runs the test again inside namespaces of its own: network, mounts, processes and shared memory. The suite takes fixed ports, gives
//! pods addresses and makes segments of memory; the runtimes mount things and leave shims behind. All of that ends with the
//! namespaces, also if the test is killed.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, ensure};

/// Tells the test that it is inside, and where its folder is.
const FOLDER: &str = "CRITEST_FOLDER";

/// Keeps the logs, in the folder outside.
const KEEP: &str = "HYDROFOIL_TESTS_KEEP";

/// Makes the namespaces, and removes what is outside of them when they have ended, also if the test was killed: its folder, and the
/// control groups of pods if they were none before. What is typed to end the test reaches it as the end of its standard input.
const AROUND: &str = r#"
folder=$1; shift
trap '' INT TERM
groups() { find /sys/fs/cgroup -maxdepth 2 -type d '(' -name k8s.io -o -name test.slice ')'; }
before=$(groups)
unshare --net --mount --ipc --pid --fork --kill-child --mount-proc bash -c "$INSIDE" inside "$@"
code=$?
[ -n "$HYDROFOIL_TESTS_KEEP" ] || rm -rf --one-file-system "$folder"
for group in $(groups); do
    grep -qxF "$group" <<<"$before" || rmdir "$group"/*/ "$group" 2>/dev/null
done
exit "$code"
"#;

/// The first process in there: adopts what the runtimes leave behind, and ends, and with it all others, when the test does or when
/// nobody holds its standard input any more.
const INSIDE: &str = r#"
exec 3<&0 </dev/null
"$@" 3<&- &
test=$!
{ read -r _ <&3 || true; kill -KILL "$test" 2>/dev/null; } &
wait "$test"
"#;

/// The folder of the test that is inside. If it is not, then it was run again there and has passed, and there is nothing more to do.
pub fn folder(test: &str) -> anyhow::Result<Option<PathBuf>> {
    if let Some(folder) = std::env::var_os(FOLDER) {
        let folder = PathBuf::from(folder).join("inside");
        std::fs::create_dir(&folder)?;
        settle_in(&folder)?;
        return Ok(Some(folder));
    }
    ensure!(
        rustix::process::geteuid().is_root(),
        "critest needs root: it makes namespaces, and containerd runs containers"
    );
    let folder = tempfile::Builder::new()
        .prefix("hydrofoil-critest.")
        .tempdir()?
        .keep();
    let mut around = Command::new("bash")
        .args(["-c", AROUND, "around"])
        .arg(&folder)
        .arg(std::env::current_exe()?)
        .args([test, "--exact", "--nocapture"])
        .env("INSIDE", INSIDE)
        .env(FOLDER, &folder)
        .stdin(Stdio::piped())
        .spawn()
        .context("bash")?;
    let held = around.stdin.take();
    let status = around.wait()?;
    drop(held);
    if std::env::var_os(KEEP).is_some() {
        println!("logs are in {}", folder.display());
    }
    ensure!(
        status.success(),
        "critest failed inside its namespaces; {KEEP}=1 keeps its logs"
    );
    Ok(None)
}

/// Copies the logs below `folder` outside, if they are asked for.
pub fn keep_logs(folder: &Path) -> anyhow::Result<()> {
    if std::env::var_os(KEEP).is_none() {
        return Ok(());
    }
    let outside = folder.parent().context("the folder is inside of one")?;
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in std::fs::read_dir(&next)? {
            let path = entry?.path();
            let kind = path.symlink_metadata()?.file_type();
            if kind.is_dir() && !["root", "state", "data"].iter().any(|n| path.ends_with(n)) {
                folders.push(path);
            } else if kind.is_file() && path.extension().is_some_and(|kind| kind == "log") {
                let name = path.strip_prefix(folder)?.display().to_string();
                std::fs::copy(&path, outside.join(name.replace('/', ".")))?;
            }
        }
    }
    Ok(())
}

/// Makes the namespaces fit to live in. The test's files are in memory, as is what the runtimes and their network plugins write at
/// fixed places, and what is mounted from here on is seen by nobody else.
fn settle_in(folder: &Path) -> anyhow::Result<()> {
    for place in [folder, Path::new("/run")] {
        run(Command::new("mount")
            .args(["-t", "tmpfs", "critest"])
            .arg(place))?;
    }
    let [upper, work] = ["var-lib", "var-lib-work"].map(|name| folder.join(name));
    std::fs::create_dir(&upper)?;
    std::fs::create_dir(&work)?;
    let (upper, work) = (upper.display(), work.display());
    let layers = format!("lowerdir=/var/lib,upperdir={upper},workdir={work}");
    run(Command::new("mount").args(["-t", "overlay", "critest", "-o", &layers, "/var/lib"]))?;
    // Containers see what is mounted later, where a spec wants it: only among shared mounts.
    run(Command::new("mount").args(["--make-rshared", "/"]))?;
    run(Command::new("ip").args(["link", "set", "lo", "up"]))
}

/// Runs a program of the system, and tells what it said if it fails.
pub fn run(command: &mut Command) -> anyhow::Result<()> {
    output(command).map(drop)
}

/// What a program of the system prints.
pub fn output(command: &mut Command) -> anyhow::Result<String> {
    let output = command
        .stdin(Stdio::null())
        .output()
        .with_context(|| format!("{command:?}"))?;
    ensure!(
        output.status.success(),
        "{command:?}: {}\n{}{}",
        output.status,
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    Ok(String::from_utf8(output.stdout)?)
}
