//! Ctrl-C, a closed terminal and a stopped machine: the work goes on in a thread, and whoever waits for it
//! says what has become of it when one of these comes first.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::{Arc, OnceLock, mpsc};

use tokio::runtime;
use tokio::signal::unix::{Signal, SignalKind, signal};

use super::Failure;
use super::delivery::Delivery;

/// Where the work puts its delivery once there is one.
pub type Dispatch = OnceLock<Arc<Delivery>>;

enum End {
    Done(std::thread::Result<Result<(), Failure>>),
    Interrupted(i32),
}

/// Does work that sends something. An interruption ends it at once, in words, with the
/// exit code that shells give a signal.
pub fn interruptible(
    work: impl FnOnce(&Dispatch) -> Result<(), Failure> + Send + 'static,
) -> Result<(), Failure> {
    let dispatch = Arc::new(Dispatch::new());
    let (end, ended) = mpsc::channel();
    let signals = runtime::Builder::new_current_thread().enable_all().build().map_err(Failure::new)?;
    let caught = {
        let _inside = signals.enter();
        catch()
    };
    let interrupted = end.clone();
    std::thread::spawn(move || {
        let number = signals.block_on(first_of(caught));
        let _ = interrupted.send(End::Interrupted(number));
    });
    let shared = Arc::clone(&dispatch);
    std::thread::spawn(move || {
        let result = catch_unwind(AssertUnwindSafe(|| work(&shared)));
        let _ = end.send(End::Done(result));
    });
    match ended.recv().map_err(Failure::new)? {
        End::Done(Ok(result)) => result,
        End::Done(Err(panic)) => resume_unwind(panic),
        End::Interrupted(number) => {
            let interruption = Failure::interrupted(number);
            match dispatch.get() {
                Some(delivery) => delivery.interrupt(interruption),
                None => Err(interruption.with_fate("nothing was sent".to_owned())),
            }
        }
    }
}

/// The signals that people and machines stop a program with, but for those that its caller
/// told it to ignore, as `nohup` does.
fn catch() -> Vec<(i32, Signal)> {
    let kinds = [SignalKind::interrupt(), SignalKind::terminate(), SignalKind::hangup()];
    let ignored = ignored_signals();
    let kept = kinds.into_iter().filter(|kind| ignored >> (kind.as_raw_value() - 1) & 1 == 0);
    // One that cannot be caught ends the program as it always does, without a word.
    kept.filter_map(|kind| Some((kind.as_raw_value(), signal(kind).ok()?))).collect()
}

/// One bit for each, from signal 1 on; none where the system does not say.
fn ignored_signals() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or(0)
}

async fn first_of(mut caught: Vec<(i32, Signal)>) -> i32 {
    std::future::poll_fn(|context| {
        for (number, signal) in &mut caught {
            if signal.poll_recv(context).is_ready() {
                return std::task::Poll::Ready(*number);
            }
        }
        std::task::Poll::Pending
    })
    .await
}
