//! Keeps the server alive: one thread waits for its end and starts it again, unless the end was wanted.

use std::process::{Child, ChildStdin, ExitStatus};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use super::Event;
use super::error::Error;
use super::guard::Launch;

const RESTARTS: u32 = 5;
const FIRST_PAUSE: Duration = Duration::from_millis(200);
/// A server that ran this long starts with a clean record.
const CALM: Duration = Duration::from_secs(60);

type OnEvent = Arc<dyn Fn(&Event) + Send + Sync>;

pub(super) struct Supervisor {
    leash: Arc<Leash>,
    thread: Option<JoinHandle<Option<ExitStatus>>>,
}

/// The pipe that keeps the guard waiting. Closing it is the order to stop.
#[derive(Default)]
struct Leash {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    pipe: Option<ChildStdin>,
    stopping: bool,
}

impl Leash {
    fn state(&self) -> MutexGuard<'_, State> {
        // The state is two plain fields, valid whatever a panicking thread did.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn close(&self) {
        let mut state = self.state();
        state.stopping = true;
        state.pipe = None;
        self.changed.notify_all();
    }

    /// Waits out the pause; false when it is time to stop instead.
    fn pause(&self, length: Duration) -> bool {
        let waited = self.changed.wait_timeout_while(self.state(), length, |state| !state.stopping);
        let (state, _) = waited.unwrap_or_else(PoisonError::into_inner);
        !state.stopping
    }
}

impl Supervisor {
    pub fn start(launch: Launch, on_event: OnEvent) -> Result<Self, Error> {
        let (guard, pipe) = first_start(&launch)?;
        let leash = Arc::new(Leash::default());
        leash.state().pipe = Some(pipe);
        let shared = Arc::clone(&leash);
        let thread = thread::Builder::new()
            .name("embedded-postgres".to_owned())
            .spawn(move || watch(&launch, &shared, guard, &on_event))
            .map_err(|source| Error::Io { what: "start a thread".to_owned(), source })?;
        Ok(Self { leash, thread: Some(thread) })
    }

    /// Stops the server and waits until it has ended. A second call finds nothing to do.
    pub fn stop(&mut self) -> Result<(), Error> {
        self.leash.close();
        let Some(Ok(Some(status))) = self.thread.take().map(JoinHandle::join) else {
            return Ok(());
        };
        if status.success() {
            return Ok(());
        }
        Err(Error::Program { name: "postgres", output: format!("it ended with {status} when asked to stop") })
    }
}

impl Drop for Supervisor {
    fn drop(&mut self) {
        // Whoever wants to know how it ended calls `stop`.
        let _ = self.stop();
    }
}

/// Processes of a killed server can hold its shared memory for a moment longer than the server itself.
fn first_start(launch: &Launch) -> Result<(Child, ChildStdin), Error> {
    for _ in 0..10 {
        match launch.start() {
            Err(Error::Program { output, .. }) if output.contains("shared memory block") => thread::sleep(FIRST_PAUSE),
            other => return other,
        }
    }
    launch.start()
}

/// How the server ended when asked to; `None` when it was given up before.
fn watch(launch: &Launch, leash: &Leash, mut guard: Child, on_event: &OnEvent) -> Option<ExitStatus> {
    let mut attempt = 0;
    loop {
        let began = Instant::now();
        let status = guard.wait();
        if leash.state().stopping {
            return status.ok();
        }
        let status = status.map_or_else(|error| error.to_string(), |status| status.to_string());
        on_event(&Event::Died { status });
        if began.elapsed() > CALM {
            attempt = 0;
        }
        guard = restart(launch, leash, &mut attempt, on_event)?;
    }
}

fn restart(launch: &Launch, leash: &Leash, attempt: &mut u32, on_event: &OnEvent) -> Option<Child> {
    // A guard that was killed left a server that waits for this.
    leash.state().pipe = None;
    let mut reason = "it ends again and again".to_owned();
    while *attempt < RESTARTS {
        if !leash.pause(FIRST_PAUSE * 2_u32.pow(*attempt)) {
            return None;
        }
        *attempt += 1;
        let mut state = leash.state();
        if state.stopping {
            return None;
        }
        match launch.start() {
            Ok((guard, pipe)) => {
                state.pipe = Some(pipe);
                on_event(&Event::Restarted { attempt: *attempt });
                return Some(guard);
            }
            Err(error) => reason = error.to_string(),
        }
    }
    on_event(&Event::GaveUp { reason });
    None
}
