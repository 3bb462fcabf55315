//! How long the age crate takes to seal a file to one hybrid recipient, in memory and on one
//! thread: what the pages are measured against (`tests/browser/speed.test.mjs`). Prints the
//! fastest of several runs, in seconds.
//!
//!     cargo run --release --example age-speed FILE

use std::io::Write;
use std::time::{Duration, Instant};

use age::{Encryptor, Recipient};
use mohr::seal::hybrid::Identity;

const RUNS: usize = 5;

fn main() {
    let path = std::env::args().nth(1).expect("which file?");
    let file = std::fs::read(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
    let recipient = Identity::generate().to_recipient();
    let fastest = (0..RUNS).map(|_| seal(&file, &recipient)).min().unwrap_or_default();
    println!("{}", fastest.as_secs_f64());
}

fn seal(file: &[u8], recipient: &dyn Recipient) -> Duration {
    let start = Instant::now();
    let encryptor = Encryptor::with_recipients(std::iter::once(recipient)).expect("one recipient");
    let mut writer = encryptor.wrap_output(std::io::sink()).expect("a sink takes everything");
    writer.write_all(file).expect("a sink takes everything");
    writer.finish().expect("a sink takes everything");
    start.elapsed()
}
