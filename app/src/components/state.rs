//! A value that parts of a page watch: what a signal of the framework does, with one type behind all values. The framework
//! compiles a signal, its subscribers and its place in the arena once for each type, about three kilobytes of download; a page
//! such as the playground has forty types of values.
//!
//! It is also more patient: a field may still speak, and an answer still arrive, when the page has gone. Then reading gives the
//! default and writing does nothing. Signals of flags, texts and errors are in every download anyway and stay signals.

use std::{
    any::Any,
    marker::PhantomData,
    sync::{Arc, PoisonError, RwLock},
};

use leptos::prelude::*;

struct Slot<T> {
    trigger: ArcTrigger,
    value: RwLock<T>,
}

/// Copies share the value.
pub struct State<T> {
    slot: StoredValue<Arc<dyn Any + Send + Sync>>,
    value: PhantomData<fn() -> T>,
}

impl<T> Clone for State<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for State<T> {}

impl<T: Default + Send + Sync + 'static> Default for State<T> {
    fn default() -> Self {
        Self::new(T::default())
    }
}

impl<T: Default + Send + Sync + 'static> State<T> {
    pub fn new(value: T) -> Self {
        let slot: Arc<dyn Any + Send + Sync> = Arc::new(Slot { trigger: ArcTrigger::new(), value: RwLock::new(value) });
        Self { slot: StoredValue::new(slot), value: PhantomData }
    }

    fn slot(self) -> Option<Arc<Slot<T>>> {
        self.slot.try_get_value()?.downcast().ok()
    }

    pub fn track(self) {
        if let Some(slot) = self.slot() {
            slot.trigger.track();
        }
    }

    /// `None`: the page is gone.
    pub fn try_with<R>(self, read: impl FnOnce(&T) -> R) -> Option<R> {
        let slot = self.slot()?;
        // A panic ends the page anyway.
        let value = slot.value.read().unwrap_or_else(PoisonError::into_inner);
        Some(read(&value))
    }

    pub fn with_untracked<R>(self, read: impl FnOnce(&T) -> R) -> R {
        match self.slot() {
            Some(slot) => read(&slot.value.read().unwrap_or_else(PoisonError::into_inner)),
            None => read(&T::default()),
        }
    }

    pub fn with<R>(self, read: impl FnOnce(&T) -> R) -> R {
        self.track();
        self.with_untracked(read)
    }

    /// Changes it and tells nobody. `None`: the page is gone.
    pub fn change<R>(self, change: impl FnOnce(&mut T) -> R) -> Option<R> {
        let slot = self.slot()?;
        let mut value = slot.value.write().unwrap_or_else(PoisonError::into_inner);
        Some(change(&mut value))
    }

    /// Changes it and tells everybody.
    pub fn update(self, change: impl FnOnce(&mut T)) {
        if self.change(change).is_some()
            && let Some(slot) = self.slot()
        {
            slot.trigger.notify();
        }
    }

    pub fn set(self, value: T) {
        self.update(|old| *old = value);
    }

    /// Sets it where nobody watches.
    pub fn put(self, value: T) {
        self.change(|old| *old = value);
    }

    pub fn is_gone(self) -> bool {
        self.slot().is_none()
    }
}

impl<T: Clone + Default + Send + Sync + 'static> State<T> {
    pub fn get(self) -> T {
        self.with(T::clone)
    }

    pub fn get_untracked(self) -> T {
        self.with_untracked(T::clone)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_that_is_gone_reads_as_its_default_and_takes_nothing() {
        let owner = Owner::new();
        let state = owner.with(|| State::new(vec![1, 2]));
        state.update(|list| list.push(3));
        assert_eq!((state.get_untracked(), state.try_with(Vec::len)), (vec![1, 2, 3], Some(3)));
        owner.cleanup();
        state.set(vec![4]);
        assert!(state.is_gone() && state.get_untracked().is_empty());
        assert_eq!(state.try_with(Vec::len), None);
    }
}
