//! Work that waits until nothing has asked for it for a while: saving, searching, asking what something would cost.

use std::time::Duration;

use leptos::prelude::*;

#[derive(Clone, Copy)]
pub struct Later {
    turn: StoredValue<u32>,
    wait: Duration,
    work: Callback<u32>,
}

impl Later {
    /// `work` learns its turn, see [`Later::is_last`].
    pub fn new(wait_ms: u64, work: impl Fn(u32) + Send + Sync + 'static) -> Self {
        Self { turn: StoredValue::new(0), wait: Duration::from_millis(wait_ms), work: Callback::new(work) }
    }

    /// Asks for it; an earlier request that still waits is forgotten.
    pub fn ask(self) {
        self.ask_in(self.wait);
    }

    /// The same without the wait.
    pub fn now(self) {
        self.ask_in(Duration::ZERO);
    }

    fn ask_in(self, wait: Duration) {
        let Some(turn) = self.turn.try_update_value(|turn| {
            *turn = turn.wrapping_add(1);
            *turn
        }) else {
            return;
        };
        let run = move || {
            if self.is_last(turn) {
                self.work.run(turn);
            }
        };
        set_timeout(run, wait);
    }

    /// Has nobody asked since? An answer that comes late must not replace a newer one. Of a page that is gone: no.
    pub fn is_last(self, turn: u32) -> bool {
        self.turn.try_get_value() == Some(turn)
    }
}
