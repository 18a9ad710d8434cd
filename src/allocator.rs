//! The allocator: mimalloc, asked in the way that is cheapest for it.

use std::alloc::{GlobalAlloc, Layout};

use libmimalloc_sys as mimalloc;

/// What every block of mimalloc is aligned to, in bytes, if it is at least that large (`MI_MAX_ALIGN_SIZE`).
const GUARANTEED: usize = 16;

/// mimalloc without the detour through its calls for aligned memory. Version 3 makes a block larger, and its freeing slower, when it
/// is asked for an alignment that it would have kept anyway.
pub(crate) struct Allocator;

/// Whether a block of `size` bytes is aligned to `align` without asking: all that Rust asks for, but for a few.
const fn is_natural(size: usize, align: usize) -> bool {
    align <= GUARANTEED && align <= size
}

// SAFETY: every block comes from mimalloc and goes back to it. Blocks that are not aligned as wanted by nature are asked for with
// their alignment; mimalloc frees and resizes both kinds by the same calls.
unsafe impl GlobalAlloc for Allocator {
    #[inline]
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let (size, align) = (layout.size(), layout.align());
        // SAFETY: any size and any power of two are allowed.
        unsafe {
            if is_natural(size, align) {
                mimalloc::mi_malloc(size).cast()
            } else {
                mimalloc::mi_malloc_aligned(size, align).cast()
            }
        }
    }

    #[inline]
    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        let (size, align) = (layout.size(), layout.align());
        // SAFETY: any size and any power of two are allowed.
        unsafe {
            if is_natural(size, align) {
                mimalloc::mi_zalloc(size).cast()
            } else {
                mimalloc::mi_zalloc_aligned(size, align).cast()
            }
        }
    }

    #[inline]
    unsafe fn dealloc(&self, block: *mut u8, _: Layout) {
        // SAFETY: the caller got the block from here.
        unsafe { mimalloc::mi_free(block.cast()) }
    }

    #[inline]
    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // SAFETY: the caller got the block from here.
        unsafe {
            if is_natural(size, layout.align()) {
                mimalloc::mi_realloc(block.cast(), size).cast()
            } else {
                mimalloc::mi_realloc_aligned(block.cast(), size, layout.align()).cast()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_layout_is_kept_through_growing_and_shrinking() {
        let sizes = [
            1, 3, 8, 15, 16, 24, 40, 72, 200, 1000, 1025, 3000, 70_000, 1_100_000,
        ];
        for align in (0..13).map(|power| 1_usize << power) {
            let mut held = Vec::new();
            for size in sizes.into_iter().cycle().take(3 * sizes.len()) {
                let layout = Layout::from_size_align(size, align).unwrap();
                // SAFETY: the size is not zero, and each block is used within its size and freed once.
                unsafe {
                    let block = Allocator.alloc(layout);
                    assert!(!block.is_null() && block.addr().is_multiple_of(align));
                    block.write_bytes(7, size);
                    let zeroed = Allocator.alloc_zeroed(layout);
                    assert!(zeroed.addr().is_multiple_of(align));
                    assert!((0..size).all(|at| *zeroed.add(at) == 0));
                    held.push((zeroed, layout));
                    let grown = Allocator.realloc(block, layout, size * 3);
                    assert!(grown.addr().is_multiple_of(align));
                    let layout = Layout::from_size_align(size * 3, align).unwrap();
                    let wanted = size.div_ceil(2);
                    let shrunk = Allocator.realloc(grown, layout, wanted);
                    assert!(shrunk.addr().is_multiple_of(align));
                    assert!((0..wanted).all(|at| *shrunk.add(at) == 7));
                    let layout = Layout::from_size_align(wanted, align).unwrap();
                    Allocator.dealloc(shrunk, layout);
                }
            }
            for (block, layout) in held {
                // SAFETY: as above.
                unsafe { Allocator.dealloc(block, layout) };
            }
        }
    }
}
