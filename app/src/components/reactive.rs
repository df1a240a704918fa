//! Parts of a view that change, and effects, behind one type each: the framework's own `<Show>`, `<For>` and `Effect::new` are
//! compiled again for every closure, which the browser would download.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use super::erase::Erase;
use crate::prelude::*;

type Make = dyn Fn() -> AnyView + Send + Sync;

/// Shows `content` while `shown` says so.
pub fn when(
    shown: impl Fn() -> bool + Send + Sync + 'static,
    content: impl Fn() -> AnyView + Send + Sync + 'static,
) -> AnyView {
    switch(Box::new(shown), Box::new(content))
}

fn switch(shown: Box<dyn Fn() -> bool + Send + Sync>, content: Box<Make>) -> AnyView {
    // A memo: the content is not built again as long as the answer stays the same.
    let shown = settled(Memo::new(move |_| shown()));
    view! { {move || shown.get().then(&content)} }.into_any()
}

/// A memo that has its value from the start: one that is only tracked, and was never read, hears of nothing.
pub fn settled<T: PartialEq + Send + Sync + 'static>(memo: Memo<T>) -> Memo<T> {
    memo.with_untracked(|_| ());
    memo
}

/// A part that is made again whenever a signal it read changes.
pub fn live(make: impl Fn() -> AnyView + Send + Sync + 'static) -> AnyView {
    live_part(Box::new(make))
}

fn live_part(make: Box<Make>) -> AnyView {
    view! { {move || make()} }.into_any()
}

/// One row of a list, under a key that it keeps.
#[derive(Clone)]
pub struct Keyed {
    pub key: usize,
    pub make: Arc<Make>,
}

/// A list whose rows stay as they are when others come and go.
pub fn keyed(list: impl Fn() -> Vec<Keyed> + Send + Sync + 'static) -> AnyView {
    keyed_rows(Box::new(list))
}

fn keyed_rows(list: Box<dyn Fn() -> Vec<Keyed> + Send + Sync>) -> AnyView {
    view! {
        <For each=move || list() key=|row| row.key let:row>
            {(row.make)()}
        </For>
    }
    .erase()
}

/// A number that no other row has: a part that takes the place of another one may not keep its rows.
pub fn fresh_key() -> usize {
    // Rows of other lists are numbered from nought, by case and by column.
    static NEXT: AtomicUsize = AtomicUsize::new(1 << 24);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

/// A part that is thrown away and made anew whenever a signal that `when` reads changes. [`live`] changes what is there, which
/// is cheaper, but leaves what somebody typed into a field that now stands for something else.
pub fn remade(when: impl Fn() + Send + Sync + 'static, make: impl Fn() -> AnyView + Send + Sync + 'static) -> AnyView {
    remade_part(Box::new(when), Arc::new(make))
}

fn remade_part(when: Box<dyn Fn() + Send + Sync>, make: Arc<Make>) -> AnyView {
    let key = settled(Memo::new(move |_| {
        when();
        fresh_key()
    }));
    keyed(move || vec![Keyed { key: key.get(), make: make.clone() }])
}

/// Runs in the browser, now and whenever a signal it read changes.
pub fn react(run: impl Fn() + 'static) {
    run_effect(Box::new(run));
}

fn run_effect(run: Box<dyn Fn()>) {
    Effect::new(move |_: Option<()>| run());
}
