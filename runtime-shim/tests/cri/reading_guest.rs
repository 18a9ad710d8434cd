//! A guest for tests of attaching, compiled by the tests with `rustc` for wasm32-wasip2: says each line that it reads.

use std::io::BufRead;

fn main() {
    for line in std::io::stdin().lock().lines() {
        println!("read {}", line.unwrap());
    }
    eprintln!("the end");
}
