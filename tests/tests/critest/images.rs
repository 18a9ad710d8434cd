//! The images that the suite pulls, made of what Debian's packages put on this machine: their names, users, groups, ports and programs
//! are those that its specs expect. One is missing: `test-image-digest` is named by the digest of upstream's own bytes.

use std::path::Path;
use std::process::Command;

use anyhow::ensure;

use crate::inside;
use crate::layer::Layer;
use crate::registry::{Defaults, Registry};

/// What sandboxes are made of. Not the `pause` that specs pull and remove.
pub const SANDBOX: &str = "registry.k8s.io/sandbox:1";

/// Where the suite's repositories are at their hosts.
const STAGING: &str = "k8s-staging-cri-tools";
const E2E: &str = "e2e-test-images";

/// Not by `sleep`: a spec looks for a `sleep` of its own among the processes of its pod.
const FOREVER: Defaults<'_> = Defaults {
    command: &["tail", "-f", "/dev/null"],
    user: "",
};

const PASSWD: &str = "\
root:x:0:0:root:/root:/bin/sh
www-data:x:33:33:www-data:/var/www:/bin/sh
default-user:x:1000:1000:default-user:/tmp:/bin/sh
nobody:x:65534:65534:nobody:/:/bin/sh
";
const GROUP: &str = "\
root:x:0:
www-data:x:33:
users:x:100:
default-user:x:1000:
group-defined-in-image:x:50000:default-user
nobody:x:65534:
";

/// Puts them all into the registry. Programs are compiled in `folder`.
pub async fn push(registry: &Registry, folder: &Path) -> anyhow::Result<()> {
    let tools = tools(folder)?.tar()?;
    let image = |name: &str| format!("{STAGING}/{name}");

    let pause = [&tools[..], &marked("pause")?[..]];
    registry.push("pause", &["3.9"], &pause, FOREVER).await?;
    registry.push("sandbox", &["1"], &[&tools], FOREVER).await?;
    let busybox = Defaults {
        command: &["sh"],
        user: "",
    };
    let repository = format!("{E2E}/busybox");
    registry
        .push(&repository, &["1.29-2"], &[&tools], busybox)
        .await?;
    push_servers(registry, &tools).await?;

    let mut layer = Layer::default();
    layer.file("bin/nnp", 0o4755, compiled(folder, "nonewprivs")?);
    let nnp = Defaults {
        command: &["/bin/nnp"],
        user: "",
    };
    let repository = format!("{E2E}/nonewprivs");
    registry
        .push(&repository, &["1.3"], &[&tools, &layer.tar()?], nnp)
        .await?;

    for (name, tags) in [
        ("test-image-latest", &["latest"][..]),
        ("test-image-1", &["latest"]),
        ("test-image-2", &["latest"]),
        ("test-image-3", &["latest"]),
        ("test-image-tag", &["test"]),
        ("test-image-tag", &["all"]),
        ("test-image-tags", &["1", "2", "3"]),
    ] {
        let layer = marked(&format!("{name}-{}", tags[0]))?;
        registry
            .push(&image(name), tags, &[&tools, &layer], FOREVER)
            .await?;
    }
    for (name, user) in [
        ("test-image-user-uid", "1002"),
        ("test-image-user-username", "www-data"),
        ("test-image-user-uid-group", "1003:100"),
        ("test-image-user-username-group", "www-data:100"),
        ("test-image-predefined-group", "1000"),
    ] {
        let defaults = Defaults { user, ..FOREVER };
        registry
            .push(&image(name), &["latest"], &[&tools], defaults)
            .await?;
    }
    Ok(())
}

/// nginx at its own port and at the one that is for the host's network, and httpd.
async fn push_servers(registry: &Registry, tools: &[u8]) -> anyhow::Result<()> {
    let nginx = Defaults {
        command: &["nginx", "-g", "daemon off;"],
        user: "",
    };
    let hostnet = match std::env::consts::ARCH {
        "x86_64" => "hostnet-nginx-amd64",
        _ => "hostnet-nginx-arm64",
    };
    for (repository, tag, port) in [
        (format!("{E2E}/nginx"), "1.14-2", 80),
        (format!("{STAGING}/{hostnet}"), "latest", 12003),
    ] {
        let layer = nginx_at(port)?.tar()?;
        registry
            .push(&repository, &[tag], &[tools, &layer], nginx)
            .await?;
    }
    let httpd = Defaults {
        command: &["httpd", "-DFOREGROUND", "-f", "/etc/httpd.conf"],
        user: "",
    };
    let repository = format!("{E2E}/httpd");
    let layer = self::httpd()?.tar()?;
    registry
        .push(&repository, &["2.4.39-4"], &[tools, &layer], httpd)
        .await
}

/// What upstream's images have of busybox. busybox is no shell here: it would take its own `ls` for one that a spec has masked.
fn tools(folder: &Path) -> anyhow::Result<Layer> {
    const BUSYBOX: &str = "/bin/busybox";
    let mut layer = Layer::default();
    layer.file("bin/busybox", 0o755, std::fs::read(BUSYBOX)?);
    layer.program("bin/bash", "/bin/bash")?;
    layer.file("bin/sh", 0o755, compiled(folder, "shell")?);
    layer.program("bin/pgrep", "/usr/bin/pgrep")?;
    layer.program("bin/ipcs", "/usr/bin/ipcs")?;
    for applet in inside::output(Command::new(BUSYBOX).arg("--list"))?.lines() {
        layer.link(&format!("bin/{applet}"), "bin/busybox");
    }
    layer.file("etc/passwd", 0o644, PASSWD);
    layer.file("etc/group", 0o644, GROUP);
    for path in ["dev", "proc", "sys", "root", "var/run", "var/log"] {
        layer.folder(path, 0o755);
    }
    layer.folder("tmp", 0o1777);
    Ok(layer)
}

fn nginx_at(port: u16) -> anyhow::Result<Layer> {
    let config = format!(
        r"user www-data;
worker_processes 1;
pid /var/run/nginx.pid;
events {{}}
http {{
    access_log off;
    server {{
        listen {port};
        root /var/www;
    }}
}}
"
    );
    let mut layer = Layer::default();
    layer.program("usr/sbin/nginx", "/usr/sbin/nginx")?;
    layer.file("etc/nginx/nginx.conf", 0o644, config);
    layer.file("var/www/index.html", 0o644, "nginx\n");
    layer.folder("var/lib/nginx", 0o755);
    Ok(layer)
}

fn httpd() -> anyhow::Result<Layer> {
    const MODULES: [&str; 3] = ["mpm_event", "authz_core", "dir"];
    let mut config = "\
ServerName localhost
Listen 80
User www-data
Group www-data
PidFile /var/run/httpd.pid
ErrorLog /proc/self/fd/2
DocumentRoot /var/www
"
    .to_owned();
    let mut layer = Layer::default();
    layer.program("usr/sbin/httpd", "/usr/sbin/apache2")?;
    for module in MODULES {
        let path = format!("usr/lib/apache2/modules/mod_{module}.so");
        layer.program(&path, &format!("/{path}"))?;
        config.push_str(&format!("LoadModule {module}_module /{path}\n"));
    }
    layer.file("etc/httpd.conf", 0o644, config);
    layer.file("var/www/index.html", 0o644, "httpd\n");
    Ok(layer)
}

/// A layer that makes an image differ from others.
fn marked(text: &str) -> anyhow::Result<Vec<u8>> {
    let mut layer = Layer::default();
    layer.file("mark", 0o644, text);
    layer.tar()
}

/// A program of C beside this file.
fn compiled(folder: &Path, name: &str) -> anyhow::Result<Vec<u8>> {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/critest/{name}.c"));
    ensure!(source.is_file(), "{} is missing", source.display());
    let program = folder.join(name);
    inside::run(
        Command::new("cc")
            .args(["-O2", "-static", "-Wall", "-Werror", "-o"])
            .arg(&program)
            .arg(source),
    )?;
    Ok(std::fs::read(program)?)
}
