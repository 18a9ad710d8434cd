//! What may be run, what is refused and how it is said, and compiled code on disk.

use std::path::PathBuf;

use tonic::Code;

use crate::guests::*;
use crate::node::Node;

#[tokio::test]
async fn every_missing_import_is_named_at_create() {
    let mut node = Node::start().await;
    let pod = node.pod("lacks").await;
    let image = node.image_of_text("lacks", IMPORTS_NOBODYS).await;
    for _ in 0..2 {
        let status = node.create(&pod, &image, |_| {}).await.unwrap_err();
        assert_eq!(status.code(), Code::FailedPrecondition);
        assert_eq!(
            status.message(),
            "the component imports what this runtime does not provide: \
             acme:warehouse/shelves@1.2.0, wasi:nn/inference@0.2.0-rc-2024-10-28"
        );
    }
    let module = r#"(module
        (import "env" "host_call" (func))
        (import "wasi_snapshot_preview1" "no_such_call" (func))
        (func (export "_start")))"#;
    let image = node.image_of_text("lacks-too", module).await;
    let status = node.create(&pod, &image, |_| {}).await.unwrap_err();
    assert_eq!(
        status.message(),
        "the module imports what this runtime does not provide: \
         env::host_call, wasi_snapshot_preview1::no_such_call"
    );
}

#[tokio::test]
async fn nothing_to_start_is_said_with_what_there_is() {
    let mut node = Node::start().await;
    let pod = node.pod("reactor").await;
    let reactor = r#"(module (func (export "_initialize")) (func (export "add")))"#;
    let image = node.image_of_text("reactor", reactor).await;
    let status = node.create(&pod, &image, |_| {}).await.unwrap_err();
    assert!(
        status
            .message()
            .contains("_start is not among the module's exports (_initialize, add)"),
        "{}",
        status.message()
    );
    let image = node.image_of_text("empty", "(component)").await;
    let status = node.create(&pod, &image, |_| {}).await.unwrap_err();
    assert!(
        status.message().contains("it has none"),
        "{}",
        status.message()
    );
}

#[tokio::test]
async fn broken_webassembly_is_refused_and_the_runtime_goes_on() {
    let mut node = Node::start().await;
    let pod = node.pod("broken").await;
    let good = std::fs::read(probe()).unwrap();
    let file = node.dir.path().join("cut.wasm");
    std::fs::write(&file, b"\0asm\x01\0\0\0\x01\xff\xff\xff\xff").unwrap();
    let image = node.image("cut", &file).await;
    let status = node.create(&pod, &image, |_| {}).await.unwrap_err();
    assert!(
        status
            .message()
            .starts_with("the WebAssembly is not valid:"),
        "{}",
        status.message()
    );
    // A bit flipped in the middle of a real module's code is invalid, or runs into a trap: never anything else.
    let module = std::fs::read(probe_module()).unwrap();
    for at in [good.len() / 3, good.len() / 2, good.len() * 2 / 3] {
        let mut bytes = module.clone();
        let at = at.min(bytes.len() - 1);
        bytes[at] ^= 0x10;
        let file = node.dir.path().join(format!("flipped{at}.wasm"));
        std::fs::write(&file, bytes).unwrap();
        let image = node.image(&format!("flipped{at}"), &file).await;
        if let Ok(id) = node
            .create(&pod, &image, |c| c.args = vec!["say".into(), "x".into()])
            .await
        {
            node.begin(&id).await.unwrap();
            node.wait(&id).await;
        }
    }
    let image = node.image("probe", &probe()).await;
    assert_eq!(node.finish(&pod, &image, &["say", "x"]).await.exit_code, 0);
}

#[tokio::test]
async fn memory_that_no_limit_covers_is_refused() {
    let mut node = Node::start().await;
    let pod = node.pod("shared").await;
    let module = r#"(module (memory (export "memory") 1 1000 shared) (func (export "_start")))"#;
    let image = node.image_of_text("shared", module).await;
    let status = node.create(&pod, &image, |_| {}).await.unwrap_err();
    assert!(
        status
            .message()
            .starts_with("the WebAssembly is not valid:"),
        "{status}"
    );
}

#[tokio::test]
async fn an_image_that_is_not_here_is_not_found() {
    let mut node = Node::start().await;
    let pod = node.pod("absent").await;
    let status = node
        .create(&pod, "127.0.0.1:1/none:v1", |_| {})
        .await
        .unwrap_err();
    assert_eq!(status.code(), Code::NotFound);
    assert!(status.message().contains("127.0.0.1:1/none:v1"));
}

fn compiled(node: &Node) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = std::fs::read_dir(node.root().join("compiled"))
        .unwrap()
        .map(|e| e.unwrap().path())
        .filter(|p| p.extension().is_some_and(|x| x == "cwasm"))
        .collect();
    files.sort();
    files
}

async fn counter(node: &mut Node, name: &str) -> u64 {
    let request = hydrofoil_cri::v1::StatusRequest { verbose: true };
    let response = node.runtime.status(request).await.unwrap().into_inner();
    let info: serde_json::Value = serde_json::from_str(&response.info["info"]).unwrap();
    info["metrics"][name].as_u64().unwrap()
}

#[tokio::test]
async fn compiled_once_kept_over_a_restart_and_made_anew_when_spoiled() {
    let mut node = Node::start().await;
    let image = node.image("probe", &probe()).await;
    let pod = node.pod("cached").await;
    // Many at once share one compilation.
    let mut creating = Vec::new();
    for attempt in 0..8 {
        let mut client = node.runtime.clone();
        let request = hydrofoil_cri::v1::CreateContainerRequest {
            pod_sandbox_id: pod.id.clone(),
            config: Some(hydrofoil_cri::v1::ContainerConfig {
                metadata: Some(hydrofoil_cri::v1::ContainerMetadata {
                    name: "many".to_owned(),
                    attempt,
                }),
                image: Some(crate::node::spec(&image)),
                ..Default::default()
            }),
            sandbox_config: None,
        };
        creating.push(tokio::spawn(async move {
            client.create_container(request).await
        }));
    }
    for created in creating {
        created.await.unwrap().unwrap();
    }
    assert_eq!(counter(&mut node, "modules_compiled_total").await, 1);
    let files = compiled(&node);
    assert_eq!(files.len(), 1);

    node.restart().await;
    let pod = node.pod("again").await;
    assert_eq!(node.finish(&pod, &image, &["say", "x"]).await.exit_code, 0);
    assert_eq!(counter(&mut node, "modules_compiled_total").await, 0);
    assert_eq!(counter(&mut node, "modules_loaded_total").await, 1);

    node.down().await;
    let mut code = std::fs::read(&files[0]).unwrap();
    let middle = code.len() / 2;
    code[middle] ^= 0xff;
    std::fs::write(&files[0], &code).unwrap();
    node.restart_after_down().await;
    let pod = node.pod("spoiled").await;
    assert_eq!(node.finish(&pod, &image, &["say", "x"]).await.exit_code, 0);
    assert_eq!(counter(&mut node, "modules_compiled_total").await, 1);

    // Whole by its checksum, and yet nothing that this engine takes.
    node.down().await;
    let junk = b"not compiled code at all";
    std::fs::write(&files[0], junk).unwrap();
    let sum: String = {
        use sha2::Digest as _;
        format!("{:x}", sha2::Sha256::digest(junk))
    };
    std::fs::write(files[0].with_extension("sha256"), sum).unwrap();
    node.restart_after_down().await;
    let pod = node.pod("junk").await;
    assert_eq!(node.finish(&pod, &image, &["say", "x"]).await.exit_code, 0);
    assert_eq!(counter(&mut node, "modules_compiled_total").await, 1);
}
