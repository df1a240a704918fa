//! What History is asked, as its address says it: filters, words, a span of time. The list, the drawer over it, the export, the
//! live tail and a saved view all hold the same.

use domain::history::{Field, Filter, HistoryQuery, Op};
use leptos::prelude::*;
use leptos_router::{
    NavigateOptions,
    hooks::{use_navigate, use_query_map},
    params::ParamsMap,
};

use crate::format::query_value;

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ask {
    pub team: String,
    /// In order, one for each field and comparison.
    pub filters: Vec<Filter>,
    /// What could not be read: the server says so in a notice.
    pub unread: Vec<String>,
    pub q: String,
    pub from: String,
    pub to: String,
    /// Where the page starts, for whoever pages by links. No part of the question: a view and an export leave it out.
    pub before: String,
}

impl Ask {
    pub fn read(team: String, texts: &[String], named: &dyn Fn(&str) -> String) -> Self {
        let mut it = Self {
            team,
            q: named("q"),
            from: named("from"),
            to: named("to"),
            before: named("before"),
            ..Self::default()
        };
        for text in texts {
            match Filter::parse(text) {
                Some(filter) => it.add(filter),
                None if !text.is_empty() => it.unread.push(text.clone()),
                None => {}
            }
        }
        it
    }

    /// Boxes of a plain form send one filter for each value: *any of* within a field.
    fn add(&mut self, new: Filter) {
        let is_list = matches!(new.op, Op::In | Op::Not);
        match self.filters.iter_mut().find(|it| it.field == new.field && it.op == new.op) {
            Some(known) if is_list => {
                for value in new.values {
                    if !known.values.contains(&value) {
                        known.values.push(value);
                    }
                }
            }
            Some(known) => known.values = new.values,
            None => self.filters.push(new),
        }
    }

    pub fn query(&self) -> HistoryQuery {
        let Self { team, filters, unread, q, from, to, before } = self;
        let filters = filters.iter().map(Filter::text).chain(unread.iter().cloned()).collect();
        let (q, from, to) = (q.clone(), from.clone(), to.clone());
        HistoryQuery { team: team.clone(), filters, q, from, to, before: before.parse().ok(), limit: None }
    }

    /// What follows `?`. Defaults are left out, the order is always the same.
    pub fn text(&self) -> String {
        let mut parts: Vec<String> = Vec::new();
        for field in Field::ALL {
            let mine = self.filters.iter().filter(|it| it.field == field);
            parts.extend(mine.map(|filter| format!("f={}", query_value(&filter.text()))));
        }
        for (name, value) in [("q", &self.q), ("from", &self.from), ("to", &self.to)] {
            if !value.is_empty() {
                parts.push(format!("{name}={}", query_value(value)));
            }
        }
        parts.join("&")
    }

    /// Of the list, or with `what` behind it: a request, `compare`.
    pub fn address(&self, what: &str) -> String {
        let slash = if what.is_empty() { "" } else { "/" };
        let text = self.text();
        let mark = if text.is_empty() { "" } else { "?" };
        format!("/t/{}/history{slash}{what}{mark}{text}", self.team)
    }

    /// Changes whenever something else must be fetched.
    pub fn key(&self) -> String {
        self.page(&self.before)
    }

    /// The page that starts behind an attempt.
    pub fn page(&self, before: &str) -> String {
        let address = self.address("");
        let mark = if address.contains('?') { "&" } else { "?" };
        format!("{address}{mark}before={before}")
    }

    pub fn export(&self, kind: &str) -> String {
        let text = self.text();
        let mark = if text.is_empty() { "" } else { "?" };
        format!("/t/{}/history.{kind}{mark}{text}", self.team)
    }

    pub fn has(&self, field: Field, value: &str) -> bool {
        self.filters.iter().any(|it| it.field == field && it.op == Op::In && it.values.iter().any(|it| it == value))
    }

    /// The same with one value more or less.
    pub fn toggled(&self, field: Field, value: &str) -> Self {
        let mut it = self.clone();
        if !self.has(field, value) {
            it.add(Filter { field, op: Op::In, values: vec![value.to_owned()] });
            return it;
        }
        for filter in it.filters.iter_mut().filter(|it| it.field == field && it.op == Op::In) {
            filter.values.retain(|known| known != value);
        }
        it.filters.retain(|filter| !filter.values.is_empty());
        it
    }

    /// The same without one filter.
    pub fn without(&self, filter: &Filter) -> Self {
        let mut it = self.clone();
        it.filters.retain(|known| known != filter);
        it
    }

    pub fn size(&self, field: Field, op: Op) -> Option<i64> {
        let filter = self.filters.iter().find(|it| it.field == field && it.op == op)?;
        filter.values.first()?.parse().ok()
    }

    /// The same with another bound; `None` takes it away.
    pub fn sized(&self, field: Field, op: Op, value: Option<i64>) -> Self {
        let mut it = self.clone();
        it.filters.retain(|known| known.field != field || known.op != op);
        it.filters.extend(value.map(|value| Filter { field, op, values: vec![value.to_string()] }));
        it
    }

    pub fn spanning(&self, from: &str, to: &str) -> Self {
        Self { from: from.to_owned(), to: to.to_owned(), ..self.clone() }
    }

    pub fn is_set(&self) -> bool {
        !self.filters.is_empty() || !self.unread.is_empty() || !self.q.is_empty()
    }

    /// Nothing but the team.
    pub fn cleared(&self) -> Self {
        Self { team: self.team.clone(), from: self.from.clone(), to: self.to.clone(), ..Self::default() }
    }
}

/// The address itself, read and written; a closure over it would be one more type of memo.
#[derive(Clone, Copy)]
pub struct Asked {
    team: Signal<String>,
    query: Memo<ParamsMap>,
    go: Callback<(String, bool)>,
}

impl Asked {
    pub fn of_page(team: Signal<String>) -> Self {
        let navigate = use_navigate();
        let go = Callback::new(move |(address, replace): (String, bool)| {
            let options = NavigateOptions { replace, scroll: false, ..NavigateOptions::default() };
            navigate(&address, options);
        });
        Self { team, query: crate::components::reactive::settled(use_query_map()), go }
    }

    pub fn get(self) -> Ask {
        self.query.with(|query| {
            let texts = query.get_all("f").unwrap_or_default();
            Ask::read(self.team.get(), &texts, &|name| query.get(name).unwrap_or_default())
        })
    }

    pub fn now(self) -> Ask {
        untrack(|| self.get())
    }

    /// Choosing leaves a way back, typing does not.
    pub fn go(self, ask: &Ask) {
        self.go.run((ask.address(""), false));
    }

    pub fn type_on(self, ask: &Ask) {
        self.go.run((ask.address(""), true));
    }

    pub fn open(self, address: String) {
        self.go.run((address, false));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(texts: &[&str]) -> Ask {
        let texts: Vec<String> = texts.iter().map(|it| (*it).to_owned()).collect();
        Ask::read("core".to_owned(), &texts, &|_| String::new())
    }

    #[test]
    fn hi_2_the_address_is_the_same_whatever_the_order_of_the_clicks() {
        let one = read(&["model:in:b", "status:in:timeout", "cost:gte:5", "model:in:a"]);
        assert_eq!(one.address(""), "/t/core/history?f=status:in:timeout&f=model:in:b,a&f=cost:gte:5");
        assert_eq!(read(&["status:in:timeout", "cost:gte:5", "model:in:b,a"]).text(), one.text());
        assert_eq!(read(&[]).address(""), "/t/core/history");
        assert_eq!(read(&[]).page("7"), "/t/core/history?before=7");
        assert_eq!(read(&["model:in:a"]).page("7"), "/t/core/history?f=model:in:a&before=7");
        assert_eq!(read(&["model:in:a b"]).address("x"), "/t/core/history/x?f=model:in:a%20b");
    }

    #[test]
    fn hi_2_a_value_goes_as_it_came_and_takes_its_filter_with_it() {
        let none = read(&[]);
        let both = none.toggled(Field::Model, "a").toggled(Field::Model, "b");
        assert!(both.has(Field::Model, "a") && both.has(Field::Model, "b"));
        assert_eq!(both.toggled(Field::Model, "a").toggled(Field::Model, "b"), none);
    }

    #[test]
    fn sizes_replace_each_other_and_what_cannot_be_read_is_kept_for_the_notice() {
        let ask = read(&["cost:gte:1", "cost:lt:9", "colour:in:red"]).sized(Field::Cost, Op::Gte, Some(3));
        assert_eq!((ask.size(Field::Cost, Op::Gte), ask.size(Field::Cost, Op::Lt)), (Some(3), Some(9)));
        assert_eq!(ask.query().filters, ["cost:lt:9", "cost:gte:3", "colour:in:red"]);
        assert_eq!(ask.sized(Field::Cost, Op::Lt, None).size(Field::Cost, Op::Lt), None);
    }
}
