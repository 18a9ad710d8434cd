//! The engine's settings, and why they are so.
//!
//! Instances come from a pool: an address-space slot is taken and given back without mapping or unmapping memory, which makes an instance
//! per HTTP request cheap (measured: 20 µs against 60 µs mapped on demand). A slot that is not in use costs address space only, so the pool
//! is as large as the node may have pods. HTTP pods hold no instance while they are idle, so a thousand of them take no slot at all.

use wasmtime::{
    Config, Enabled, Engine, InstanceAllocationStrategy, PoolingAllocationConfig,
    WasmBacktraceDetails,
};

/// Fewest instance slots worth starting with, when the machine allows few.
const FEWEST_SLOTS: u32 = 64;
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

/// Builds the engine with `slots` instance slots, or with as many as the machine's address space allows.
pub fn build(slots: u32) -> wasmtime::Result<Engine> {
    let mut slots = slots.max(FEWEST_SLOTS);
    loop {
        match Engine::new(&config(slots)) {
            Ok(engine) => return Ok(engine),
            Err(error) if slots <= FEWEST_SLOTS => return Err(error),
            Err(error) => {
                let fewer = (slots / 2).max(FEWEST_SLOTS);
                tracing::warn!(slots, fewer, error = %format!("{error:#}"), "fewer instance slots than wanted");
                slots = fewer;
            }
        }
    }
}

fn config(slots: u32) -> Config {
    let mut config = Config::new();
    config
        .epoch_interruption(true)
        .wasm_component_model(true)
        // Only WASI 0.3 needs it, and every call would pay.
        .concurrency_support(false)
        .max_wasm_stack(WASM_STACK_BYTES)
        .async_stack_size(FIBER_STACK_BYTES)
        // Function names come with the module; reading a guest's DWARF at every trap would be work a guest can order.
        .wasm_backtrace_details(WasmBacktraceDetails::Disable)
        .allocation_strategy(InstanceAllocationStrategy::Pooling(pool(slots)));
    config
}

fn pool(slots: u32) -> PoolingAllocationConfig {
    let mut pool = PoolingAllocationConfig::new();
    pool.total_component_instances(slots)
        .total_core_instances(slots.saturating_mul(CORE_INSTANCES_PER_SLOT))
        .total_memories(slots)
        .total_tables(slots.saturating_mul(2))
        .total_stacks(slots)
        .total_gc_heaps(slots / 16)
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

    #[test]
    fn the_default_pool_can_be_had_and_settings_agree() {
        let engine = build(crate::config::DEFAULT_INSTANCE_SLOTS).unwrap();
        assert!(engine.is_pulley() || cfg!(target_pointer_width = "64"));
    }
}
