//! A guest's arguments and environment, from the container's config and the image's. Pure.
//!
//! The rules are the OCI image spec's, as the kubelet relies on them: `command` replaces the entrypoint and drops the image's arguments,
//! `args` replaces the arguments alone.

use hydrofoil_cri::v1::KeyValue;

use crate::image::Image;

/// `argv[0]` of a guest whose image tells nothing.
const NAMELESS: &str = "main";

/// The argument list. Never empty: `argv[0]` is the command, the image's entrypoint, or the image's name.
pub fn arguments(image: &Image, command: &[String], args: &[String]) -> Vec<String> {
    let entry = if command.is_empty() {
        &image.entrypoint
    } else {
        command
    };
    let rest = if command.is_empty() && args.is_empty() {
        &image.cmd
    } else {
        args
    };
    let mut argv: Vec<String> = entry.to_vec();
    if argv.is_empty() {
        argv.push(module_name(image));
    }
    argv.extend_from_slice(rest);
    argv
}

/// The last part of the image's repository: `hello` of `registry/team/hello:v1`.
pub fn module_name(image: &Image) -> String {
    image
        .repo_tags
        .first()
        .or(image.repo_digests.first())
        .map(|name| name.split('@').next().unwrap_or(name))
        .and_then(|name| name.rsplit('/').next())
        .map(|name| name.split(':').next().unwrap_or(name))
        .filter(|name| !name.is_empty())
        .unwrap_or(NAMELESS)
        .to_owned()
}

/// The environment: the image's, the container's over it, and `HOSTNAME` unless someone set it. Each name once, in order of first mention.
pub fn environment(
    image: &[String],
    container: &[KeyValue],
    hostname: &str,
) -> Vec<(String, String)> {
    let mut env: Vec<(String, String)> = Vec::with_capacity(image.len() + container.len() + 1);
    let mut seen = std::collections::HashMap::with_capacity(image.len() + container.len());
    let image = image.iter().map(|pair| match pair.split_once('=') {
        Some((name, value)) => (name.to_owned(), value.to_owned()),
        None => (pair.clone(), String::new()),
    });
    let container = container.iter().map(|pair| {
        let value = String::from_utf8_lossy(&pair.value).into_owned();
        (pair.key.clone(), value)
    });
    for (name, value) in image.chain(container) {
        match seen.get(&name) {
            Some(&at) => {
                let slot: &mut (String, String) = &mut env[at];
                slot.1 = value;
            }
            None => {
                seen.insert(name.clone(), env.len());
                env.push((name, value));
            }
        }
    }
    if !hostname.is_empty() && !seen.contains_key("HOSTNAME") {
        env.push(("HOSTNAME".to_owned(), hostname.to_owned()));
    }
    env
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::image::{Digest, Kind, WasmArtifact};

    fn image(entrypoint: &[&str], cmd: &[&str]) -> Image {
        let own = |list: &[&str]| list.iter().map(|s| (*s).to_owned()).collect();
        Image {
            id: String::new(),
            manifest: Digest::of(b""),
            config: Digest::of(b""),
            repo_tags: vec!["127.0.0.1:5000/team/hello:v1".to_owned()],
            repo_digests: Vec::new(),
            size: 0,
            artifact: WasmArtifact {
                digest: Digest::of(b""),
                size: 0,
                sees_files: true,
                kind: Kind::Component,
                path: "x".into(),
            },
            entrypoint: own(entrypoint),
            cmd: own(cmd),
            env: Vec::new(),
            workdir: String::new(),
            annotations: Default::default(),
        }
    }

    fn argv(image: &Image, command: &[&str], args: &[&str]) -> Vec<String> {
        let own = |list: &[&str]| list.iter().map(|s| (*s).to_owned()).collect::<Vec<_>>();
        arguments(image, &own(command), &own(args))
    }

    #[test]
    fn command_replaces_all_and_args_replaces_arguments() {
        let oci = image(&["/app.wasm"], &["serve"]);
        assert_eq!(argv(&oci, &[], &[]), ["/app.wasm", "serve"]);
        assert_eq!(argv(&oci, &[], &["x"]), ["/app.wasm", "x"]);
        assert_eq!(argv(&oci, &["tool"], &[]), ["tool"]);
        assert_eq!(argv(&oci, &["tool"], &["x"]), ["tool", "x"]);
    }

    #[test]
    fn an_artifact_is_called_by_its_repository() {
        let artifact = image(&[], &[]);
        assert_eq!(argv(&artifact, &[], &["a", "b"]), ["hello", "a", "b"]);
        let mut by_digest = image(&[], &[]);
        by_digest.repo_tags.clear();
        by_digest.repo_digests = vec!["r:5000/x/tool@sha256:00".to_owned()];
        assert_eq!(argv(&by_digest, &[], &[]), ["tool"]);
        by_digest.repo_digests.clear();
        assert_eq!(argv(&by_digest, &[], &[]), ["main"]);
    }

    #[test]
    fn the_containers_environment_wins_and_the_host_name_is_added() {
        let pair = |key: &str, value: &str| KeyValue {
            key: key.to_owned(),
            value: value.as_bytes().to_vec(),
        };
        let image = ["A=1".to_owned(), "B=2".to_owned(), "EMPTY".to_owned()];
        let env = environment(
            &image,
            &[pair("B", "3"), pair("C", "x=y"), pair("C", "z")],
            "web-0",
        );
        let expected = [
            ("A", "1"),
            ("B", "3"),
            ("EMPTY", ""),
            ("C", "z"),
            ("HOSTNAME", "web-0"),
        ];
        assert_eq!(env, expected.map(|(k, v)| (k.to_owned(), v.to_owned())));
        let set = environment(&[], &[pair("HOSTNAME", "mine")], "web-0");
        assert_eq!(set, [("HOSTNAME".to_owned(), "mine".to_owned())]);
    }
}
