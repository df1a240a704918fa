//! Views without their type. `into_any` of the framework is compiled for an element and once more for its wrapper [`View`];
//! [`Erase::erase`] takes the wrapper off first, which saves that second copy in the download.

use leptos::prelude::*;
use leptos::tachys::view::any_view::IntoAny;

pub trait Erase {
    fn erase(self) -> AnyView;
}

impl<T: IntoAny> Erase for View<T> {
    fn erase(self) -> AnyView {
        self.into_inner().into_any()
    }
}

/// A plain loop: chains of iterators are compiled once for each closure.
pub fn views<T>(all: Vec<T>, make: &dyn Fn(T) -> AnyView) -> Vec<AnyView> {
    let mut made = Vec::new();
    for it in all {
        made.push(make(it));
    }
    made
}
