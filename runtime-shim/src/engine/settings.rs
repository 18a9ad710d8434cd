//! The engines' settings, and why they are so.
//!
//! There are two engines, which differ only in where instances come from, and share compiled code.
//!
//! **Requests** take theirs from a pool: an address-space slot is taken and given back without mapping memory, which makes an instance per
//! HTTP request cheap (hello-http, 2 cores: 39 µs to instantiate and drop, where mapping on demand took 72 µs). The pool's stacks are mapped
//! when it is made, two mappings each, and Linux allows a process 65,530: so the pool has as many slots as requests can sensibly be under
//! way, not as many as there are pods. A pod that serves HTTP holds no instance while it is idle.
//!
//! **Tasks** (`wasi:cli` and preview 1) map theirs on demand: one per container for its whole life, as many as the machine takes, and a
//! task that ends gives everything back.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use wasmtime::{
    Config, Enabled, Engine, InstanceAllocationStrategy, PoolingAllocationConfig,
    WasmBacktraceDetails,
};

/// Fewest request slots worth starting with, when the machine allows few.
const FEWEST_SLOTS: u32 = 32;
/// Core modules inside a component take an instance each; most components have two or three.
const CORE_INSTANCES_PER_SLOT: u32 = 4;
/// Linear memories or tables that one module may define.
const PER_MODULE: u32 = 8;
/// Elements of one table; a large module of C# or Go has some tens of thousands of functions.
const TABLE_ELEMENTS: usize = 100_000;
/// Native stack that Wasm may use before a guest traps with a stack overflow.
const WASM_STACK_BYTES: usize = 512 << 10;
/// Native stack of a guest's call, host functions included.
const FIBER_STACK_BYTES: usize = 2 << 20;
/// Slots kept warm for the same module after use. Each keeps at most [`KEEP_RESIDENT_BYTES`].
const WARM_SLOTS: u32 = 64;
/// Dirty memory that a warm slot keeps and clears, rather than giving it to the kernel and faulting it in again.
const KEEP_RESIDENT_BYTES: usize = 128 << 10;

/// The two engines.
#[derive(Clone)]
pub struct Engines {
    /// For guests with a life of their own.
    pub tasks: Engine,
    /// For an instance per request.
    pub requests: Engine,
    /// Slots that [`Self::requests`] really has.
    pub slots: u32,
}

impl Engines {
    /// Builds both, with `slots` request slots, or with as many as the machine's address space allows.
    pub fn build(slots: u32) -> wasmtime::Result<Self> {
        let tasks = Engine::new(&config(InstanceAllocationStrategy::OnDemand))?;
        let mut slots = slots.max(FEWEST_SLOTS);
        let requests = loop {
            let pool = InstanceAllocationStrategy::Pooling(pool(slots));
            match Engine::new(&config(pool)) {
                Ok(engine) => break engine,
                Err(error) if slots <= FEWEST_SLOTS => return Err(error),
                Err(error) => {
                    let fewer = (slots / 2).max(FEWEST_SLOTS);
                    tracing::warn!(slots, fewer, error = %format!("{error:#}"), "fewer request slots than wanted");
                    slots = fewer;
                }
            }
        };
        if compatibility(&tasks) != compatibility(&requests) {
            wasmtime::bail!("the two engines would not share compiled code");
        }
        Ok(Self {
            tasks,
            requests,
            slots,
        })
    }
}

fn compatibility(engine: &Engine) -> u64 {
    let mut hasher = DefaultHasher::new();
    engine.precompile_compatibility_hash().hash(&mut hasher);
    hasher.finish()
}

fn config(strategy: InstanceAllocationStrategy) -> Config {
    let mut config = Config::new();
    config
        .epoch_interruption(true)
        .wasm_component_model(true)
        // Shared memories are outside of every limit, and WASI has no threads to share them with.
        .wasm_threads(false)
        // Only WASI 0.3 needs it, and every call would pay.
        .concurrency_support(false)
        .max_wasm_stack(WASM_STACK_BYTES)
        .async_stack_size(FIBER_STACK_BYTES)
        // Function names come with the module; reading a guest's DWARF at every trap would be work a guest can order.
        .wasm_backtrace_details(WasmBacktraceDetails::Disable)
        .allocation_strategy(strategy);
    config
}

fn pool(slots: u32) -> PoolingAllocationConfig {
    let mut pool = PoolingAllocationConfig::new();
    pool.total_component_instances(slots)
        .total_core_instances(slots.saturating_mul(CORE_INSTANCES_PER_SLOT))
        .total_memories(slots)
        .total_tables(slots.saturating_mul(2))
        .total_stacks(slots)
        .total_gc_heaps(slots)
        .max_memories_per_module(PER_MODULE)
        .max_tables_per_module(PER_MODULE)
        .table_elements(TABLE_ELEMENTS)
        .max_unused_warm_slots(WARM_SLOTS);
    if PoolingAllocationConfig::is_pagemap_scan_available() {
        // With the scan only pages that were written are cleared; without it, clearing would touch all of them.
        pool.pagemap_scan(Enabled::Auto)
            .linear_memory_keep_resident(KEEP_RESIDENT_BYTES)
            .table_keep_resident(KEEP_RESIDENT_BYTES / 8);
    }
    pool
}

#[cfg(test)]
mod tests {
    use super::*;
    use wasmtime::Module;

    #[test]
    fn both_engines_take_code_that_either_compiled() {
        let engines = Engines::build(crate::config::DEFAULT_REQUEST_SLOTS).unwrap();
        assert_eq!(engines.slots, crate::config::DEFAULT_REQUEST_SLOTS);
        let wasm = wat::parse_str(r#"(module (memory 1) (func (export "f")))"#).unwrap();
        let code = engines.tasks.precompile_module(&wasm).unwrap();
        // SAFETY: the code comes straight from the compiler.
        unsafe { Module::deserialize(&engines.requests, &code) }.unwrap();
        let code = engines.requests.precompile_module(&wasm).unwrap();
        // SAFETY: as above.
        unsafe { Module::deserialize(&engines.tasks, &code) }.unwrap();
    }
}
