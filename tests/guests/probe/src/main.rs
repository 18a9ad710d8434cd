//! Does what its arguments say, one after another. Without any it waits until it is stopped.
//!
//! Built as a component (wasm32-wasip2) and as a module (wasm32-wasip1): only the latter can end with an exit code above 1.

use std::time::Duration;

const USAGE: &str = "probe: say, err, env, cat, lines, tick, sleep, exit, trap or eat";

fn main() {
    let mut words = std::env::args().skip(1);
    let Some(first) = words.next() else { forever() };
    let mut verb = Some(first);
    while let Some(what) = verb {
        act(&what, &mut words);
        verb = words.next();
    }
}

fn act(verb: &str, words: &mut impl Iterator<Item = String>) {
    match verb {
        "say" => println!("{}", word(words)),
        "err" => eprintln!("{}", word(words)),
        "env" => {
            let name = word(words);
            println!("{name}={}", std::env::var(&name).unwrap_or_default());
        }
        "cat" => match std::fs::read_to_string(word(words)) {
            Ok(text) => print!("{text}"),
            Err(error) => fail(&error.to_string()),
        },
        "lines" => (1..=number(words)).for_each(|n| println!("line {n}")),
        "tick" => tick(),
        "sleep" => std::thread::sleep(Duration::from_millis(number(words))),
        "exit" => std::process::exit(i32::try_from(number(words)).unwrap_or(255)),
        "trap" => trap(),
        "eat" => eat(number(words)),
        "forever" => forever(),
        _ => fail(USAGE),
    }
}

fn word(words: &mut impl Iterator<Item = String>) -> String {
    words.next().unwrap_or_else(|| fail(USAGE))
}

fn number(words: &mut impl Iterator<Item = String>) -> u64 {
    word(words).parse().unwrap_or_else(|_| fail(USAGE))
}

fn fail(message: &str) -> ! {
    eprintln!("{message}");
    std::process::exit(1)
}

fn forever() -> ! {
    loop {
        std::thread::sleep(Duration::from_secs(3600));
    }
}

/// A line every 100 ms.
fn tick() -> ! {
    let mut n = 0_u64;
    loop {
        n += 1;
        println!("tick {n}");
        std::thread::sleep(Duration::from_millis(100));
    }
}

/// Kept apart, so that its name stands in the backtrace.
#[inline(never)]
fn trap() {
    core::arch::wasm32::unreachable()
}

/// Takes so many MiB and touches them.
fn eat(mebibytes: u64) {
    let mut eaten: Vec<Vec<u8>> = Vec::new();
    for n in 1..=mebibytes {
        eaten.push(vec![1; 1 << 20]);
        println!("ate {n} MiB");
    }
}
