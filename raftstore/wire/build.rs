//! Compiles etcd's protocol files with `protox`, so that no `protoc` is needed on the machine.

use std::{env, error::Error, fs, path::Path};

use prost::Message as _;

/// Messages that carry a secret. Their `Debug` is written by hand in `secrets.rs`.
const SECRET: [&str; 6] = [
    "authpb.User",
    "etcdserverpb.AuthUserAddRequest",
    "etcdserverpb.AuthUserChangePasswordRequest",
    "etcdserverpb.AuthenticateRequest",
    "etcdserverpb.AuthenticateResponse",
    "etcdserverpb.InternalAuthenticateRequest",
];

/// Names that the generator would make unreadable ("peer_ur_ls").
const RENAMED: [(&str, &str); 2] = [("peerURLs", "peer_urls"), ("clientURLs", "client_urls")];

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=proto");
    let files = [
        "etcd/lease.proto",
        "etcd/raft_internal.proto",
        "etcd/record.proto",
        "etcd/snap.proto",
        "etcd/v3election.proto",
        "etcd/v3lock.proto",
    ];
    let mut set = protox::compile(files, ["proto"])?;
    let out = env::var("OUT_DIR")?;
    fs::write(Path::new(&out).join("etcd.bin"), set.encode_to_vec())?;
    let fields = set
        .file
        .iter_mut()
        .flat_map(|file| &mut file.message_type)
        .flat_map(|message| &mut message.field);
    for field in fields {
        for (theirs, ours) in RENAMED {
            if field.name() == theirs {
                field.name = Some(ours.into());
            }
        }
    }
    tonic_prost_build::configure()
        .bytes(".")
        .skip_debug(SECRET)
        .compile_fds(set)?;
    Ok(())
}
