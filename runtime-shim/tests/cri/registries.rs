//! Pulls from and pushes to Debian's `docker-registry`, with TLS of a private authority and passwords, found by `hosts.toml`.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use hydrofoil_cri::v1::*;
use hydrofoil_runtime_shim::image::{DockerConfig, PushOptions, Registries, push};
use tonic::{Code, Status};

use crate::guests::*;
use crate::node::{Node, spec};

/// A registry that is ended with the test.
struct DockerRegistry {
    process: Child,
    authority: String,
}

impl Drop for DockerRegistry {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl DockerRegistry {
    /// One in `dir`, which leaves the certificate of its authority there as `ca.crt`. It knows the user `me` with the password `secret`.
    fn start(dir: &Path) -> Self {
        let mut params = rcgen::CertificateParams::default();
        params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        let key = rcgen::KeyPair::generate().unwrap();
        std::fs::write(dir.join("ca.crt"), params.self_signed(&key).unwrap().pem()).unwrap();
        let issuer = rcgen::Issuer::new(params, key);
        let key = rcgen::KeyPair::generate().unwrap();
        let leaf = rcgen::CertificateParams::new(vec!["127.0.0.1".to_owned()]).unwrap();
        let leaf = leaf.signed_by(&key, &issuer).unwrap();
        std::fs::write(dir.join("leaf.crt"), leaf.pem()).unwrap();
        std::fs::write(dir.join("leaf.key"), key.serialize_pem()).unwrap();
        // The least work that bcrypt takes: every request is a check.
        let hash = bcrypt::hash("secret", 4).unwrap();
        std::fs::write(dir.join("htpasswd"), format!("me:{hash}\n")).unwrap();
        let at = dir.display();
        let config = format!(
            "\
version: 0.1
log:
  level: info
storage:
  filesystem:
    rootdirectory: {at}/storage
auth:
  htpasswd:
    realm: tests
    path: {at}/htpasswd
http:
  addr: 127.0.0.1:0
  tls:
    certificate: {at}/leaf.crt
    key: {at}/leaf.key
"
        );
        std::fs::write(dir.join("config.yml"), config).unwrap();
        let mut process = Command::new("docker-registry")
            .arg("serve")
            .arg(dir.join("config.yml"))
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("docker-registry is a package of Debian's: `tests/run` installs it");
        let mut log = BufReader::new(process.stderr.take().unwrap());
        let mut line = String::new();
        let authority = loop {
            line.clear();
            assert_ne!(log.read_line(&mut line).unwrap(), 0, "it has not started");
            if let Some((_, address)) = line.split_once("listening on ") {
                break address.split(',').next().unwrap().to_owned();
            }
        };
        // What it logs later is read, so that it never waits for a reader.
        std::thread::spawn(move || std::io::copy(&mut log, &mut std::io::sink()));
        Self { process, authority }
    }
}

async fn pull(node: &mut Node, image: &str, auth: Option<AuthConfig>) -> Result<String, Status> {
    let request = PullImageRequest {
        image: Some(spec(image)),
        auth,
        sandbox_config: None,
    };
    let pulled = node.images.pull_image(request).await?;
    Ok(pulled.into_inner().image_ref)
}

fn password(word: &str) -> Option<AuthConfig> {
    Some(AuthConfig {
        username: "me".to_owned(),
        password: word.to_owned(),
        ..AuthConfig::default()
    })
}

#[tokio::test]
async fn a_private_registry_is_found_trusted_and_let_in_to() {
    let dir = tempfile::tempdir().unwrap();
    let registry = DockerRegistry::start(dir.path());
    let own = &registry.authority;
    let hosts = dir.path().join("hosts");
    let describe = |name: &str, text: String| {
        std::fs::create_dir_all(hosts.join(name)).unwrap();
        std::fs::write(hosts.join(name).join("hosts.toml"), text).unwrap();
    };
    describe(
        own,
        format!("server = \"https://{own}\"\nca = \"../../ca.crt\""),
    );
    let docker = format!(r#"{{"auths": {{"{own}": {{"username": "me", "password": "secret"}}}}}}"#);
    let registries = Registries {
        folder: Some(hosts.clone()),
        docker: DockerConfig::parse(&docker).unwrap(),
        ..Registries::default()
    };

    let image = format!("{own}/team/probe:v1");
    let options = PushOptions {
        registries: registries.clone(),
        ..PushOptions::default()
    };
    let pushed = push(&probe(), &image.parse().unwrap(), options, |_| {})
        .await
        .unwrap();

    // Without credentials of its own the runtime has those that a pull brings.
    let strange = Registries {
        docker: DockerConfig::default(),
        ..registries.clone()
    };
    let mut node = Node::start_with(|config| config.registries = strange).await;
    let refused = pull(&mut node, &image, None).await.unwrap_err();
    assert_eq!(refused.code(), Code::PermissionDenied, "{refused}");
    let refused = pull(&mut node, &image, password("guessed"))
        .await
        .unwrap_err();
    assert_eq!(refused.code(), Code::PermissionDenied, "{refused}");
    assert!(!refused.message().contains("guessed"), "{refused}");
    pull(&mut node, &image, password("secret")).await.unwrap();
    let by_digest = format!("{own}/team/probe@{}", pushed.digest);
    pull(&mut node, &by_digest, password("secret"))
        .await
        .unwrap();
    node.down().await;

    // With credentials a pull needs none; mirrors are asked in their order, and the registry of the reference need not be there.
    let mut node = Node::start_with(|config| config.registries = registries.clone()).await;
    let direct = pull(&mut node, &image, None).await.unwrap();
    describe(
        "registry.invalid",
        format!(
            "server = \"http://127.0.0.1:1\"\n\
             [host.\"http://127.0.0.1:1\"]\n\
             [host.\"https://{own}/v2/team\"]\n\
             ca = [\"../../ca.crt\"]\n\
             override_path = true\n\
             capabilities = [\"pull\", \"resolve\"]\n"
        ),
    );
    let mirrored = pull(&mut node, "registry.invalid/probe:v1", None)
        .await
        .unwrap();
    assert_eq!(mirrored, direct);
    // Who may not say what a tag means is not asked for it.
    describe(
        "registry.invalid",
        format!(
            "server = \"http://127.0.0.1:1\"\n\
             [host.\"https://{own}/v2/team\"]\n\
             ca = \"../../ca.crt\"\n\
             override_path = true\n\
             capabilities = [\"pull\"]\n"
        ),
    );
    let tag = pull(&mut node, "registry.invalid/probe:v1", None)
        .await
        .unwrap_err();
    assert_eq!(tag.code(), Code::Unavailable, "{tag}");
    let digest = format!("registry.invalid/probe@{}", pushed.digest);
    assert_eq!(pull(&mut node, &digest, None).await.unwrap(), direct);
    // What is wrong with a file is an error of the pull that needs it.
    describe("registry.invalid", "skip_verify = 1".to_owned());
    let wrong = pull(&mut node, "registry.invalid/probe:v1", None)
        .await
        .unwrap_err();
    assert!(
        wrong
            .message()
            .contains("registry.invalid/hosts.toml: skip_verify: not true or false"),
        "{wrong}"
    );
    // An authority that is not trusted is said so.
    describe(own, format!("server = \"https://{own}\""));
    let stranger = pull(&mut node, &image, None).await.unwrap_err();
    assert_eq!(stranger.code(), Code::Unavailable, "{stranger}");
    assert!(stranger.message().contains("certificate"), "{stranger}");
}
