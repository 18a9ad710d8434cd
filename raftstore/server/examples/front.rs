//! Serves the gRPC front of one store over plain TCP, without flags and TLS: what is measured when the front is measured.
//!
//! `front DATA_DIR ADDRESS`. Prints the address when it listens. Ends when its input does.

use std::{error::Error, io::Read};

use hydrofoil_raftstore::{Config, Store};
use hydrofoil_store_server::grpc::{Grpc, Limits};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(folder), Some(address)) = (arguments.next(), arguments.next()) else {
        return Err("front DATA_DIR ADDRESS".into());
    };
    let store = Store::open(Config::new(folder)).await?;
    let grpc = Grpc::new(&store, Limits::default());
    let listener = tokio::net::TcpListener::bind(address).await?;
    println!("{}", listener.local_addr()?);
    let stop = tokio::task::spawn_blocking(|| std::io::stdin().read_to_end(&mut Vec::new()));
    axum::serve(listener, grpc.clone().into_router())
        .with_graceful_shutdown(async move {
            let _ = stop.await;
            grpc.close();
        })
        .await?;
    store.shutdown().await;
    Ok(())
}
