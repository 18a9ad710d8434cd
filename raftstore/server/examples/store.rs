//! `hydrofoil store` alone: the same entry, without the rest of the binary to build.

use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    hydrofoil_store_server::run(&args)
}
