//! When text that has arrived is shown: in frames, in turns, and in each only as many answers as there is time for.

use std::time::Duration;

use leptos::prelude::*;

use super::LiveCell;
use crate::{browser, components::state::State};

/// What a frame may take, with laying it out and painting it. Beyond, the next one shows half as many answers: typing goes on
/// meanwhile. In half of it, one more.
const FRAME_MS: u32 = 24;

#[derive(Clone, Copy)]
pub struct Frames {
    cells: State<Vec<LiveCell>>,
    asked: StoredValue<bool>,
    /// The cell that the next frame begins with.
    turn: StoredValue<usize>,
    /// So many answers at most.
    most: StoredValue<usize>,
}

impl Frames {
    pub fn new(cells: State<Vec<LiveCell>>) -> Self {
        Self { cells, asked: StoredValue::new(false), turn: StoredValue::new(0), most: StoredValue::new(2) }
    }

    /// One frame for all cells.
    pub fn ask(self) {
        if self.asked.try_get_value() == Some(false) {
            self.asked.set_value(true);
            request_animation_frame(move || self.show());
        }
    }

    fn show(self) {
        // None: the page has gone since.
        let Some(most) = self.most.try_get_value() else { return };
        let began = browser::now_ms();
        let cells = self.cells.get_untracked();
        let first = self.turn.get_value();
        let mut shown = 0;
        for step in 0..cells.len() {
            let at = (first + step) % cells.len();
            if shown < most && cells.get(at).is_some_and(|cell| cell.flush()) {
                shown += 1;
                self.turn.set_value(at + 1);
            }
        }
        // Laying out comes after this, and is most of the work: only when it is done is it known what the frame took.
        set_timeout(move || self.painted(shown, browser::now_ms().wrapping_sub(began)), Duration::ZERO);
    }

    fn painted(self, shown: usize, took: u32) {
        if self.asked.try_set_value(false).is_some() {
            return;
        }
        if took > FRAME_MS {
            self.most.set_value((shown / 2).max(1));
        } else if took < FRAME_MS / 2 {
            self.most.update_value(|most| *most = (*most + 1).min(shown + 2));
        }
        if self.cells.get_untracked().into_iter().any(LiveCell::has_more) {
            self.ask();
        }
    }
}
