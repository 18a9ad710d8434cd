//! Tests of a whole store: on a real folder, and on a disk that forgets.

mod alarms;
mod auth;
mod cluster;
mod crash;
mod defragment;
pub(crate) mod fuzz;
mod hash;
mod leases;
mod members;
mod restore;
mod semantics;
mod sigkill;
mod store;
mod suite;
mod watches;

use std::path::Path;

use bytes::Bytes;

use crate::simulation::disk;
use crate::{Config, Error, Store, rpc::*};

/// A configuration for tests, in `dir`.
fn config(dir: &Path) -> Config {
    Config {
        heartbeat_interval: std::time::Duration::from_millis(50),
        election_timeout: std::time::Duration::from_millis(300),
        ..Config::new(dir)
    }
}

fn put(key: &str, value: &str) -> PutRequest {
    PutRequest {
        key: Bytes::copy_from_slice(key.as_bytes()),
        value: Bytes::copy_from_slice(value.as_bytes()),
        ..Default::default()
    }
}

async fn set(store: &Store, key: &str, value: &str) -> i64 {
    store.put(put(key, value)).await.unwrap().header.revision
}

async fn get(store: &Store, key: &str, revision: i64) -> Result<Option<String>, Error> {
    let request = RangeRequest {
        revision,
        ..RangeRequest::key(key.to_owned())
    };
    let response = store.range(request).await?;
    Ok(response
        .kvs
        .first()
        .map(|kv| String::from_utf8(kv.value.to_vec()).unwrap()))
}

fn delete(key: &str) -> DeleteRangeRequest {
    DeleteRangeRequest {
        key: key.to_owned().into(),
        ..Default::default()
    }
}
