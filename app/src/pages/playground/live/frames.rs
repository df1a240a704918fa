//! When text that has arrived is shown: in turns, and each time only as many answers as there is time for.
//!
//! One turn is two tasks of the browser: changing the page and laying it out, and painting it. What somebody types comes between.

use std::time::Duration;

use leptos::prelude::*;

use super::LiveCell;
use crate::{browser, components::state::State};

/// What one of the tasks may take. Beyond, the next turn is for half as many answers; within half of it, for one more.
const TASK_MS: u32 = 24;

#[derive(Clone, Copy)]
pub struct Frames {
    cells: State<Vec<LiveCell>>,
    asked: StoredValue<bool>,
    /// The cell that the next turn begins with.
    first: StoredValue<usize>,
    /// So many answers at most.
    most: StoredValue<usize>,
}

impl Frames {
    pub fn new(cells: State<Vec<LiveCell>>) -> Self {
        Self { cells, asked: StoredValue::new(false), first: StoredValue::new(0), most: StoredValue::new(2) }
    }

    /// One turn for all cells.
    pub fn ask(self) {
        if self.asked.try_get_value() == Some(false) {
            self.asked.set_value(true);
            set_timeout(move || self.change(), Duration::ZERO);
        }
    }

    fn change(self) {
        // None: the page has gone since.
        let Some(most) = self.most.try_get_value() else { return };
        let began = browser::now_ms();
        let cells = self.cells.get_untracked();
        let first = self.first.get_value();
        let mut changed = Vec::new();
        for step in 0..cells.len() {
            let at = (first + step) % cells.len();
            if changed.len() < most
                && let Some(cell) = cells.get(at).filter(|cell| cell.flush())
            {
                changed.push(*cell);
                self.first.set_value(at + 1);
            }
        }
        leptos::task::spawn_local(async move {
            // What shows the text runs first.
            leptos::task::tick().await;
            self.lay_out(&changed, began);
        });
    }

    /// Where to scroll to is known only when all is laid out.
    fn lay_out(self, changed: &[LiveCell], began: u32) {
        changed.iter().for_each(|cell| cell.follow());
        let (changed, took) = (changed.len(), since(began));
        request_animation_frame(move || {
            let began = browser::now_ms();
            set_timeout(move || self.painted(changed, took.max(since(began))), Duration::ZERO);
        });
    }

    /// `took` is what the longest of the tasks took.
    fn painted(self, changed: usize, took: u32) {
        if self.asked.try_set_value(false).is_some() {
            return;
        }
        if took > TASK_MS {
            self.most.set_value((changed / 2).max(1));
        } else if took < TASK_MS / 2 {
            self.most.set_value(changed + 1);
        }
        if self.cells.get_untracked().into_iter().any(LiveCell::has_more) {
            self.ask();
        }
    }
}

fn since(began: u32) -> u32 {
    browser::now_ms().wrapping_sub(began)
}
