//! Randomness that nobody asks us for: the order in which tokio polls the branches of a `select!` and the order of hash maps
//! follow from what the operating system gives. On a thread that simulates it gives what follows from the seed.
//!
//! The one confusing thing: `getrandom` here takes the place of the C library's in this program, also for the standard library.

use std::{cell::Cell, fs::File, io::Read};

thread_local! {
    /// The state of the generator; `None` on threads that do not simulate.
    static STATE: Cell<Option<u64>> = const { Cell::new(None) };
}

/// From now on this thread's randomness follows from `seed`. To be called before anything else on the thread.
pub fn seed(seed: u64) {
    STATE.set(Some(seed));
}

/// SplitMix64.
fn next(state: u64) -> (u64, u64) {
    let state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut mixed = state;
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    (state, mixed ^ (mixed >> 31))
}

fn fill(bytes: &mut [u8]) -> bool {
    let Some(mut state) = STATE.get() else {
        return File::open("/dev/urandom").is_ok_and(|mut file| file.read_exact(bytes).is_ok());
    };
    for chunk in bytes.chunks_mut(8) {
        let number;
        (state, number) = next(state);
        chunk.copy_from_slice(&number.to_le_bytes()[..chunk.len()]);
    }
    STATE.set(Some(state));
    true
}

/// As getrandom(2). The flags only say what to do while the system has no randomness yet.
///
/// # Safety
/// `buffer` is valid for writes of `length` bytes.
#[unsafe(no_mangle)]
unsafe extern "C" fn getrandom(buffer: *mut u8, length: usize, _flags: u32) -> isize {
    // SAFETY: the caller says so; the bytes are initialized here, since they may not be yet.
    let bytes = unsafe {
        buffer.write_bytes(0, length);
        std::slice::from_raw_parts_mut(buffer, length)
    };
    if fill(bytes) { length as isize } else { -1 }
}
